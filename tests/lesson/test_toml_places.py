"""Each key and element is found on the line where it stands, whatever strings and comments lie between."""

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.lesson.toml_places import Path, line_of, lines_of, path_words

TEXT = '''# [no header]
title = "with # and [brackets] and \\" quotes" # = 1
"quoted.key" = 'literal'
[machine]
cpus = 2 # two
sheet.name = """
[[scene]]
x = 1""" # not a scene
[[scene]]
title = \'\'\'
do = [
\'\'\'
do = [
  "a", # "b",
  "c]",

  [1, [2,
    3]], { x = 1, y = [4] },
]
[scene.ask]
kind = "ppr"
[[scene]]
when = 1979-05-27 07:32:00
[[ scene . wrong ]]
a = 1
[[scene.wrong]]
a = """four quotes""""
b = 2
'''


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    for part, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(one, (*path, part))


def test_every_key_and_element_has_its_line() -> None:
    found = lines_of(TEXT)

    assert set(paths(tomllib.loads(TEXT))) == found.keys()
    assert {line for path, line in found.items() if path[:2] == ("scene", 0)} == {9, 10, 13, 14, 15, 17, 18, 20, 21}
    assert found["machine", "sheet", "name"] == 6
    assert found["scene", 0, "do", 1] == 15
    assert found["scene", 0, "do", 2, 1, 1] == 18
    assert found["scene", 0, "do", 3, "y", 0] == 18
    assert found["scene", 0, "ask", "kind"] == 21
    assert found["scene", 1, "wrong", 1, "b"] == 28


VALUES = st.recursive(
    st.integers(-99, 99) | st.booleans() | st.text(st.sampled_from("ab#[]{}=,.'"), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def written(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return f'"{value}"'
        case list():
            return f"[{', '.join(map(written, value))}]"
        case _:
            return "{" + ", ".join(f'"{key}" = {written(one)}' for key, one in value.items()) + "}"


@given(
    st.dictionaries(st.sampled_from(["x", "y.z", "w w"]), VALUES), st.lists(st.integers(0, 2), min_size=3, max_size=3)
)
def test_values_of_any_depth_lie_on_the_line_of_their_key(values: dict[str, Any], gaps: list[int]) -> None:
    text, expected = "", {}
    for gap, (key, value) in zip(gaps, values.items(), strict=False):
        text += "# [x]\n" * gap
        expected[key] = text.count("\n") + 1
        text += f'"{key}" = {written(value)}\n'

    found = lines_of(text)

    assert set(paths(tomllib.loads(text))) == found.keys()
    assert all(line == expected[str(path[0])] for path, line in found.items())


def test_what_is_missing_is_missing_where_it_should_stand() -> None:
    found = lines_of(TEXT)

    assert line_of(found, ("scene", 0, "ask", "cpu")) == 20
    assert line_of(found, ("nowhere",)) == 1


def test_people_count_from_one() -> None:
    assert path_words(("scene", 1, "task", "wrong", 0, 2)) == "scene 2, task.wrong 1 3"
    assert path_words(("machine", "cpus")) == "machine.cpus"
