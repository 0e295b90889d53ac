"""A condition says what it means, and what cannot be read says where and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.breakpoints.condition import Asked, Both, Comparison, Either, Not, Number
from app.breakpoints.reading import LONGEST, UnreadableCondition, read_condition
from app.breakpoints.words import CPU_VALUES, WORDS
from app.x86.registers import Register


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_example_of_every_word_is_a_condition_with_that_word(word: object) -> None:
    condition = read_condition(word.example)  # type: ignore[attr-defined]  # it is a word

    assert word in [asked for asked, _ in condition.root.words()]


@pytest.mark.parametrize("value", CPU_VALUES, ids=lambda value: value.name)
def test_every_value_of_a_cpu_can_be_asked_for(value: object) -> None:
    name = value.name  # type: ignore[attr-defined]  # it is one

    ((_, called),) = read_condition(f"cpu(3).{name} == 1").root.words()

    assert (called.of_cpu, called.arguments) == (name, (3,))


def shape(text: str) -> object:
    def of(node: object) -> object:
        match node:
            case Number(number):
                return number
            case Asked(word, called):
                return word.name, *called.arguments, *([] if called.cpu is None else ["on", called.cpu])
            case Comparison(sign, left, right):
                return of(left), sign, of(right)
            case Not(part):
                return "not", of(part)
            case Either(parts):
                return "or", *map(of, parts)
            case Both(parts):
                return "and", *map(of, parts)
            case _:
                raise TypeError(node)

    return of(read_condition(text).root)


def test_and_binds_closer_than_or_and_not_closest() -> None:
    assert shape("nmi or smi and not irr(3) > 0 or init") == (
        "or",
        ("nmi",),
        ("and", ("smi",), ("not", (("irr", 3), ">", 0))),
        ("init",),
    )


def test_parentheses_bind_first() -> None:
    assert shape("(nmi or smi) and init") == ("and", ("or", ("nmi",), ("smi",)), ("init",))


def test_numbers_are_decimal_or_hexadecimal_and_names_are_of_any_case() -> None:
    assert shape("Taken(0xFC) ON 2 and taken(65)") == ("and", ("taken", 0xFC, "on", 2), ("taken", 65))
    assert shape("written(TPR, 0x80)") == ("written", Register.TPR, 0x80)
    assert shape("error(Send_Accept)") == ("error", 4)


REFUSED = [
    ("", 1, "should stand here, not the end"),
    ("tken(3)", 1, "there is no word 'tken'; taken?"),
    ("taken(300)", 7, "there is no vector 300: it is 0 to 255"),
    ("taken(0x41", 11, "')' should stand here, not the end"),
    ("nmi and", 8, "should stand here, not the end"),
    ("nmi smi", 5, "conditions are joined by and, or"),
    ("nmi(3)", 4, "takes nothing in parentheses"),
    ("irr on 2", 5, "irr needs a vector: irr(0x41) on 2"),
    ("written(0x80)", 9, "a register should stand here"),
    ("written(tprr)", 9, "tpr?"),
    ("pin(24)", 5, "there is no pin 24"),
    ("pin(3) on 1", 8, "pin is not of a CPU"),
    ("taken on", 9, "the number of a CPU"),
    ("cpu(2) > 3", 8, "'.' should stand here"),
    ("cpu(2).pppr", 8, "ppr?"),
    ("latency", 8, "compared with a number of cycles"),
    ("irr(3) = 1", 8, "write =="),
    ("nmi && smi", 5, "write and"),
    ("! nmi", 1, "write not"),
    ("12abc > tick", 1, "'12abc' is no number"),
    ("1 < tick < 3", 10, "one comparison at a time"),
    ("tick @ 3", 6, "'@' is not known here"),
    ("not nmi", 1, "can never come true"),
    ("1 == 1", 1, "can never come true"),
    (f"nmi{' or nmi' * 50}", LONGEST + 1, f"{LONGEST} characters at most"),
    ("(" * 40, 31, "lie in each other"),
]


@pytest.mark.parametrize(("text", "column", "words"), REFUSED, ids=[text[:20] for text, _, _ in REFUSED])
def test_what_cannot_be_read_says_where_and_why(text: str, column: int, words: str) -> None:
    with pytest.raises(UnreadableCondition) as refused:
        read_condition(text)

    assert refused.value.column == column
    assert words in str(refused.value)
    assert str(refused.value).startswith(f"column {column}: ")


def column_of_refusal(text: str) -> int | None:
    try:
        read_condition(text)
    except UnreadableCondition as refused:
        return refused.column
    return None


@given(st.text(max_size=80) | st.text("()<>=!.,ontakeirpu0123x&| ", max_size=80))
def test_any_text_is_a_condition_or_is_refused_at_a_column_of_it(text: str) -> None:
    column = column_of_refusal(text)

    assert column is None or 1 <= column <= len(text) + 1


def test_cpus_that_a_condition_names_are_known() -> None:
    assert sorted(read_condition("taken on 3 and cpu(1).if or nmi").cpus) == [1, 3]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("taken(3) and cpu(0).spins", "cpu(N).spins: a recording does not tell what runs"),
        ("in_flight > 2", "in_flight: in a recording"),
        ("exit", "exit: a recording does not tell"),
        ("latency > 3 and cpu(0).ppr > 3", ""),
    ],
)
def test_what_a_recording_cannot_tell_is_known(text: str, words: str) -> None:
    assert read_condition(text).untold.startswith(words)
    assert bool(read_condition(text).untold) == bool(words)
