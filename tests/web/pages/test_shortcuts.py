"""One table of keys: what the script listens to, what the help prints and what buttons announce are the same."""

import re
from html import escape, unescape

import pytest

from app.score.span_kinds import SPAN_KINDS
from app.web.pages.shortcuts import MACHINE_KEYS, PAIR_KEYS, Key, announced, bindings, caption, captions
from app.web.rendering import STATIC_FOLDER
from tests.web.serving import Server, new_session

#: Those whose actions a page takes as they are.
VIEWS = (
    "picture",
    "stage",
    "transport",
    "moment",
    "band",
    "flags",
    "breakpoints",
    "linking",
    "score-tools",
    "selection",
)


@pytest.mark.parametrize("table", [MACHINE_KEYS, PAIR_KEYS], ids=["machine", "pair"])
def test_no_key_has_two_acts(table: tuple[Key, ...]) -> None:
    keys = [key for entry in table for key in entry.keys]

    assert len(keys) == len(set(keys))
    assert bindings(table) == {key: entry.action for entry in table for key in entry.keys}


def test_same_act_has_the_same_keys_on_every_page() -> None:
    machine = {entry.action: entry.keys for entry in MACHINE_KEYS}

    shared = [entry for entry in PAIR_KEYS if entry.action in machine]
    assert [entry.action for entry in shared] == ["playOrPause", "stepInterrupt", "stepBackInterrupt"]
    assert all(entry.keys == machine[entry.action] for entry in shared)
    # A step is the next operation on one page and the next stimulus on the other: the same keys lead on.
    assert {entry.action: entry.keys for entry in PAIR_KEYS}["nextStimulus"] == machine["stepForward"]
    assert {entry.action: entry.keys for entry in PAIR_KEYS}["backStimulus"] == machine["stepBack"]


def test_presenter_s_remote_steps() -> None:
    assert bindings(MACHINE_KEYS)["PageDown"] == "stepForward"
    assert bindings(MACHINE_KEYS)["PageUp"] == "stepInterrupt"


def test_keys_are_printed_as_they_stand_on_a_keyboard() -> None:
    assert caption("Shift+ArrowRight") == "Shift →"
    assert captions(MACHINE_KEYS, "playOrPause") == ["Space", "."]
    assert announced(MACHINE_KEYS, "playOrPause") == "Space ."
    assert announced(MACHINE_KEYS, "stepInterrupt") == "Shift+ArrowRight PageUp"


@pytest.mark.parametrize(
    ("table", "script"), [(MACHINE_KEYS, "main.js"), (PAIR_KEYS, "ab.js")], ids=["machine", "pair"]
)
def test_every_act_is_known_to_the_script(table: tuple[Key, ...], script: str) -> None:
    parts = (script, *(f"views/{view}.js" for view in VIEWS))
    sources = "".join((STATIC_FOLDER / "js" / part).read_text() for part in parts)

    assert [entry.action for entry in table if not re.search(rf"\b{entry.action}\b", sources)] == []


def test_help_lists_every_key(server: Server) -> None:
    with server.client() as http:
        session = new_session(http)
        page = http.get(f"/s/{session.id}").text
        session.end()

    for entry in MACHINE_KEYS:
        assert f"<dd>{entry.words}</dd>" in unescape(page)
        for printed in captions(MACHINE_KEYS, entry.action):
            assert f"<kbd>{escape(printed)}</kbd>" in page


def test_help_explains_every_mark_of_the_score(server: Server) -> None:
    with server.client() as http:
        session = new_session(http)
        marks = http.get(f"/s/{session.id}").text.partition("Marks of the score</h3>")[2].partition("</dl>")[0]
        session.end()

    for kind in SPAN_KINDS:
        assert f'class="span-mark {kind.mark}"' in marks
        assert f"<dd>{kind.called}</dd>" in marks
