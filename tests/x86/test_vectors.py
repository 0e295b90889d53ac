"""VectorBitmap against the plainest thing that can do the same: a set of integers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.x86.vectors import VECTOR_COUNT, VectorBitmap, priority_class

vectors = st.integers(0, VECTOR_COUNT - 1)
vector_sets = st.sets(vectors)


def bitmap_of(members: set[int]) -> VectorBitmap:
    bitmap = VectorBitmap()
    for vector in members:
        bitmap.set(vector)
    return bitmap


@given(vector_sets)
def test_iterates_from_the_lowest_vector_to_the_highest(members: set[int]) -> None:
    assert list(bitmap_of(members)) == sorted(members)


@given(vector_sets)
def test_counts_its_members(members: set[int]) -> None:
    assert len(bitmap_of(members)) == len(members)


@given(vector_sets)
def test_highest_is_the_largest_member_or_none(members: set[int]) -> None:
    assert bitmap_of(members).highest() == max(members, default=None)


@given(vector_sets, vectors)
def test_contains_what_was_set_and_nothing_else(members: set[int], vector: int) -> None:
    assert (vector in bitmap_of(members)) == (vector in members)


@given(vector_sets, vectors)
def test_clear_takes_one_vector_out_and_leaves_the_others(members: set[int], vector: int) -> None:
    bitmap = bitmap_of(members)

    bitmap.clear(vector)

    assert set(bitmap) == members - {vector}


@given(vector_sets, vectors, st.booleans())
def test_assign_sets_or_clears(members: set[int], vector: int, value: bool) -> None:
    bitmap = bitmap_of(members)

    bitmap.assign(vector, value)

    assert set(bitmap) == (members | {vector} if value else members - {vector})


@given(vector_sets)
def test_eight_words_hold_32_vectors_each(members: set[int]) -> None:
    bitmap = bitmap_of(members)

    read = {32 * index + bit for index in range(8) for bit in range(32) if bitmap.word(index) >> bit & 1}

    assert read == members


@given(vector_sets)
def test_hexadecimal_is_one_256_bit_number(members: set[int]) -> None:
    digits = bitmap_of(members).hexadecimal()

    assert len(digits) == 64
    assert int(digits, 16) == sum(1 << vector for vector in members)


@given(vector_sets, vector_sets)
def test_equal_when_the_members_are_equal(one: set[int], other: set[int]) -> None:
    assert (bitmap_of(one) == bitmap_of(other)) == (one == other)


def test_clear_all_empties_it() -> None:
    bitmap = bitmap_of({16, 255})

    bitmap.clear_all()

    assert bitmap == VectorBitmap()


def test_never_equals_something_else() -> None:
    assert VectorBitmap(0) != 0


def test_cannot_be_a_key_because_it_changes() -> None:
    with pytest.raises(TypeError):
        hash(VectorBitmap())


def test_prints_its_members_in_hexadecimal() -> None:
    assert repr(bitmap_of({0x51, 0xFD})) == "VectorBitmap({0x51, 0xfd})"


@pytest.mark.parametrize("vector", [-257, VECTOR_COUNT])
def test_refuses_what_is_no_vector(vector: int) -> None:
    with pytest.raises(IndexError):
        VectorBitmap().set(vector)


@given(vectors)
def test_priority_class_is_the_high_nibble(vector: int) -> None:
    assert priority_class(vector) == vector // 16
