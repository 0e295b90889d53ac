"""Words, marks and bit positions of the model stand in Python once: no script of the page has any of its own."""

import re
from typing import Any

import pytest

from app.hw.events import Fault, Reason
from app.state.layouts import layout_json
from app.state.vocabulary import vocabulary
from app.web.rendering import STATIC_FOLDER
from app.x86.icr import X2APIC_ICR, XAPIC_ICR
from app.x86.register_map import REGISTERS
from app.x86.state_registers import ESR

SCRIPTS = {path: path.read_text() for path in sorted((STATIC_FOLDER / "js").rglob("*.js"))}
#: Everyday words, and words that belong to the page's own controls as well.
EVERYDAY = {
    *(
        "wait",
        "fixed",
        "lowest_priority",
        "self",
        "none",
        "edge",
        "level",
        "idle",
        "vector",
        "masked",
        "pending",
        "running",
    ),
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
    *(
        "priority_class",
        "priority_sub_class",
        "requested",
        "raised",
        "low",
        "trigger_mode",
        "delivery_mode",
        "destination_mode",
        "in service",
    ),
}
#: The layers of the picture have their names in the picture's own code.
LAYERS = {"irr", "isr", "tmr", "twice", "masked", "coming"}


#: What the vocabulary says to people; names of commands, steps and anchors are code's.
WORDS = {key: value for key, value in vocabulary().items() if key not in ("commands", "steps", "anchors", "spans")}
#: Which kind of span an event is about is code's, too.
WORDS["events"] = [(kind["glyph"], kind["words"]) for kind in vocabulary()["events"].values()]
#: On what an act stands, when it fits and how it is written, too.
WORDS["acts"] = [act["words"] for act in vocabulary()["acts"]]
WORDS["usual_vectors"] = []
#: How a condition is written is no word but code.
WORDS["breakpoints"] = [word["words"] for word in vocabulary()["breakpoints"].values()]
#: Of a layout the commands that write it are code's; what its fields are called is not.
WORDS["layouts"] = [
    (layout["title"], [(field["meaning"], field["values"]) for field in layout["fields"]])
    for layout in vocabulary()["layouts"].values()
]
#: What fires an entry of the local vector table is code's, too.
WORDS["local_table"] = []
#: How a kind of span is drawn, and on which sort of lane, is code's, too.
WORDS["spans"] = [kind["words"] for kind in vocabulary()["spans"].values()]
#: One turns bits of a destination, whose place the state names; one reads the stream's 256-bit numbers; one cuts fields
#: by the layouts that it is given; one finds blocks of 8 by the positions in them.
WITH_BITS = ("composer.js", "bitmap.js", "fields.js", "mipmap.js")
#: Abbreviations of the manual, and words for what the machine has.
TERMS = re.compile(
    r"\b(?:A?PIC|[TP]PR|I[RSC]R|TMR|E[SO][RI]|SVR|LDR|DFR|LVT\w*|NMI|SMI|INIT|SIPI|IPIs?|MSIs?|MSR|IF)\b"
    r"|hypervisor|\bupcall\b|[Vv]ectors?\b [a-z]|interrupts? [a-z]|\bPorts?\b|\bpins? |\bmasked:|IA32"
)
#: Not words but names that the page's own parts have.
CONTROLS: set[str] = set()


def literals(source: str) -> list[str]:
    """The texts of a script: without what templates put into them."""
    found = re.findall(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`', source)
    return [re.sub(r"\$\{[^}]*\}", "", plain or template) for plain, template in found]


def without_texts(source: str) -> str:
    return re.sub(r'"(?:[^"\\\n]|\\.)*"|/\[[^\n]*?\]/', '""', source)


def without_comments(source: str) -> str:
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", source, flags=re.DOTALL)


CODE_OF = {path: without_comments(source) for path, source in SCRIPTS.items()}
CODE = "\n".join(CODE_OF.values())


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
    words = {text for text in texts(WORDS) if len(text) > 2} - EVERYDAY - LAYERS

    assert len(words) > 80
    found = [word for word in words if word in CODE]  # which leaves few to look for where no other word goes on
    assert sorted(word for word in found if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", CODE)) == []


def test_no_script_has_a_mark_of_an_event() -> None:
    marks = {kind["glyph"] for kind in vocabulary()["events"].values()} - {"!", "?", "→"}

    assert [mark for mark in marks if mark in CODE] == []
    assert "GLYPH" not in CODE


@pytest.mark.parametrize("layout", [*[definition.layout for definition in REGISTERS.values()], XAPIC_ICR, X2APIC_ICR])
def test_no_script_cuts_a_register_into_fields(layout: Any) -> None:
    if layout is None:
        return
    wide = [field.bits for field in layout.fields if ":" in field.bits]
    assert [bits for bits in wide if f'"{bits}"' in CODE] == []


def test_no_script_masks_a_bit_of_the_model() -> None:
    names = "svr|dfr|esr|icr|lvt|apic_base|redirection|tpr|ppr"
    for path, code in CODE_OF.items():
        assert not re.findall(rf"(?:{names})\)?\s*(?:&(?!&)|>>>?|<<)\s*[\w(]", code), path


def test_no_script_shifts_or_masks_but_the_one_that_reads_the_stream_s_bitmaps() -> None:
    shifting = re.compile(r">>>?|<<|(?<!&)&(?!&)|\^(?!=)")

    assert [
        (path.name, line)
        for path, code in CODE_OF.items()
        for line in without_texts(code).splitlines()
        if shifting.search(line) and path.name not in WITH_BITS
    ] == []


def test_no_text_of_a_script_has_a_term_of_the_model() -> None:
    said = [(path.name, text) for path, code in CODE_OF.items() for text in literals(code) if TERMS.search(text)]

    assert sorted((name, text) for name, text in said if text not in CONTROLS) == []


def test_no_text_of_a_script_is_one_of_the_vocabulary() -> None:
    known = {text for text in texts(WORDS) if " " in text or text.isupper()} - EVERYDAY

    assert sorted(known & {text for code in CODE_OF.values() for text in literals(code)}) == []


def test_every_sentence_that_a_script_says_is_there_and_every_other_is_said() -> None:
    saying = [source for source in SCRIPTS.values() if re.search(r"import \{[^}]*\bsay\b", source)]
    said = [call for source in saying for call in re.findall(r"\bsay\(([^;]*?)[,)]", source)]
    names = {name for call in said for name in re.findall(r'"(\w+)"', call)}

    assert names == set(vocabulary()["sentences"])


def test_no_script_gives_a_reason() -> None:
    assert [reason.value for reason in [*Reason, *Fault] if reason.value in CODE] == []
    assert [field.name for field in ESR.fields if field.name.replace("_", " ") in CODE] == []


def test_layouts_are_those_of_the_registers() -> None:
    given = vocabulary()["icr"]

    assert [field["bits"] for field in given["xapic"]] == ["63:56", "19:18", "15", "14", "12", "11", "10:8", "7:0"]
    assert [field["bits"] for field in given["x2apic"]] == ["63:32", "19:18", "15", "14", "11", "10:8", "7:0"]
    assert given["xapic"] == layout_json(XAPIC_ICR)
    for field, original in zip(
        reversed(given["x2apic"]), sorted(X2APIC_ICR.fields, key=lambda field: field.low), strict=True
    ):
        assert (field["name"], field["high"], field["low"]) == (original.name, original.high, original.low)
        assert field["places"] == len(original.digits((1 << 64) - 1))
