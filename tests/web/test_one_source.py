"""Words, marks and bit positions of the model stand in Python once: no script of the page has any of its own."""

import json
import re
from typing import Any

import pytest

from app.guest.generations import GENERATIONS
from app.hw.events import Fault, Reason
from app.state.vocabulary import layout_json, vocabulary
from app.web.rendering import STATIC_FOLDER
from app.x86.icr import X2APIC_ICR, XAPIC_ICR
from app.x86.register_map import REGISTERS
from app.x86.state_registers import ESR
from tests.web.serving import Server, new_session

SCRIPTS = {path: path.read_text() for path in sorted((STATIC_FOLDER / "js").rglob("*.js"))}
#: Everyday words, and words that belong to the page's own controls as well.
EVERYDAY = {
    *("fixed", "lowest_priority", "self", "none", "edge", "level", "idle", "vector", "masked", "pending", "running"),
    *(
        "halted",
        "IPI",
        "MSI",
        "start-up",
        "assert",
        "all",
        "physical",
        "logical",
        "reserved",
        "returns",
        "taken",
        "INIT",
    ),
    *("NMI", "SMI", "mask", "lint", "error", "timer", "open", "held", "code", "gate", "destination", "shorthand"),
    *("requested", "raised", "low", "trigger_mode", "delivery_mode", "destination_mode", "in service"),
}
#: The layers of the picture have their names in the picture's own code.
LAYERS = {"irr", "isr", "tmr", "twice", "masked", "coming"}
#: The picture has a row for each priority class, which is the high half of a vector and of a priority.
PICTURES = ("matrix.js", "ladder.js", "matrix-geometry.js")


def without_comments(source: str) -> str:
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", source, flags=re.DOTALL)


CODE = "\n".join(without_comments(source) for source in SCRIPTS.values())


def texts(value: Any) -> list[str]:
    """Every text inside a JSON value; keys are names that code may use, not words."""
    match value:
        case str():
            return [value]
        case list() | tuple():
            return [text for item in value for text in texts(item)]
        case dict():
            return [text for item in value.values() for text in texts(item)]
        case _:
            return []


def test_there_are_scripts_to_look_at() -> None:
    assert len(SCRIPTS) > 30
    assert "function" in CODE


def test_no_script_repeats_a_word_of_the_vocabulary() -> None:
    kernel = GENERATIONS["linux-6"].vector_names
    words = {text for text in texts(vocabulary(kernel)) if len(text) > 2} - EVERYDAY - LAYERS

    assert len(words) > 80
    assert sorted(word for word in words if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", CODE)) == []


def test_no_script_has_a_mark_of_an_event() -> None:
    marks = {kind["glyph"] for kind in vocabulary({})["events"].values()} - {"!", "?", "→"}

    assert [mark for mark in marks if mark in CODE] == []
    assert "GLYPH" not in CODE


@pytest.mark.parametrize("layout", [*[definition.layout for definition in REGISTERS.values()], XAPIC_ICR, X2APIC_ICR])
def test_no_script_cuts_a_register_into_fields(layout: Any) -> None:
    if layout is None:
        return
    wide = [field.bits for field in layout.fields if ":" in field.bits]
    assert [bits for bits in wide if f'"{bits}"' in CODE] == []


def test_no_script_masks_a_bit_of_the_model() -> None:
    for path, source in SCRIPTS.items():
        registers = ["svr", "dfr", "esr", "icr", "lvt", "apic_base", "redirection"]
        for name in registers if path.name in PICTURES else [*registers, "tpr", "ppr"]:
            assert not re.search(rf"{name}\)?\s*(&(?!&)|>>>?|<<)\s*[\w(]", without_comments(source)), (path, name)


def test_no_script_gives_a_reason() -> None:
    assert [reason.value for reason in [*Reason, *Fault] if reason.value in CODE] == []
    assert [field.name for field in ESR.fields if field.name.replace("_", " ") in CODE] == []


def test_layouts_are_those_of_the_registers() -> None:
    given = vocabulary({})["icr"]

    assert [field["bits"] for field in given["xapic"]] == ["63:56", "19:18", "15", "14", "12", "11", "10:8", "7:0"]
    assert [field["bits"] for field in given["x2apic"]] == ["63:32", "19:18", "15", "14", "11", "10:8", "7:0"]
    assert given["xapic"] == layout_json(XAPIC_ICR)
    for field, original in zip(
        reversed(given["x2apic"]), sorted(X2APIC_ICR.fields, key=lambda field: field.low), strict=True
    ):
        assert (field["name"], field["high"], field["low"]) == (original.name, original.high, original.low)
        assert field["places"] == len(original.digits((1 << 64) - 1))


def test_page_carries_the_vocabulary_as_data(server: Server) -> None:
    with server.client() as http:
        session = new_session(http)
        page = http.get(f"/s/{session.id}").text
        session.end()

    found = re.search(r'<script type="application/json" id="vocabulary">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    given = json.loads(found[1])
    assert given["events"]["accepted"]["glyph"] == "◇"
    assert given["names"]["252"] == "reschedule"
    assert given["keys"]["PageDown"] == "stepOperation"
