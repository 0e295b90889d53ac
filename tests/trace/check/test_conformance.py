import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from app.trace.check.conformance import Conformance, run_conformance
from app.trace.errors import UnusableRecording

SETS = sorted((Path(__file__).parents[2] / "conformance").glob("*.jsonl"))
HEADER = {"format": "apic-conformance/1", "oracle": "a test", "cpus": 2, "apic_mode": "xapic"}


def run(*operations: dict[str, Any] | str, header: dict[str, Any] | str = HEADER) -> Conformance:
    lines = [line if isinstance(line, str) else json.dumps(line) for line in (header, *operations)]
    return run_conformance("test", io.BytesIO("\n".join(lines).encode()))


def write(cpu: int, register: str, value: str, **more: str) -> dict[str, Any]:
    return {"op": "write", "cpu": cpu, "reg": register, "value": value, **more}


def read(cpu: int, register: str, value: str) -> dict[str, Any]:
    return {"op": "read", "cpu": cpu, "reg": register, "value": value}


ENABLE = write(0, "0x0f0", "0x1ff")
SELF_IPI = write(0, "0x300", "0x40041")


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_a_recorded_set_has_no_mismatch(path: Path) -> None:
    with path.open("rb") as source:
        result = run_conformance(path.name, source)

    assert result.mismatches == []
    assert result.checks >= 300


def test_all_eight_sets_are_there() -> None:
    assert len(SETS) == 8


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_one_changed_answer_is_reported_with_its_line(path: Path) -> None:
    lines = path.read_text().splitlines()
    answers = [place for place, line in enumerate(lines) if json.loads(line).get("op") in ("read", "ioapic_read")]
    place = answers[len(answers) // 2]
    changed = json.loads(lines[place])
    if changed.pop("fault", None):
        changed["value"] = "0x0"
    else:
        changed["value"] = f"{int(changed['value'], 16) ^ 1:#x}"
    lines[place] = json.dumps(changed)

    result = run_conformance("changed", io.BytesIO("\n".join(lines).encode()))

    assert [mismatch.line for mismatch in result.mismatches] == [place + 1]


def test_a_compressed_set_is_read() -> None:
    data = gzip.compress(json.dumps(HEADER).encode() + b"\n")

    assert run_conformance("a.gz", io.BytesIO(data)).checks == 0


def test_what_is_checked_is_counted() -> None:
    result = run(
        ENABLE,
        SELF_IPI,
        read(0, "0x220", "0x2"),
        {"op": "accept", "cpu": 0, "vector": 65},
        {"op": "accept", "cpu": 0, "vector": None},
        {"op": "nmi_count", "cpu": 1, "value": 0},
        {"op": "pin", "pin": 4, "level": 1},
        {"op": "msi", "address": "0xfee00000", "data": "0x51"},
        {"op": "ioapic_write", "index": "0x10", "value": "0x10041"},
        {"op": "ioapic_read", "index": "0x10", "value": "0x10041"},
    )

    assert (result.checks, result.mismatches) == (7, [])
    assert result.oracle == "a test"


def test_a_mismatch_has_both_answers_in_words() -> None:
    result = run(
        ENABLE,
        "",
        read(0, "0x0f0", "0x1fe"),
        {"op": "accept", "cpu": 0, "vector": 65},
        write(0, "0x080", "0x10", fault="#GP"),
    )

    assert [tuple(mismatch) for mismatch in result.mismatches] == [
        (4, "read cpu 0 reg 0x0f0", "0x1fe", "0x1ff"),
        (5, "accept cpu 0", "0x41", "nothing"),
        (6, "write cpu 0 reg 0x080", "#GP", "nothing"),
    ]


def test_nmis_are_counted_as_they_come() -> None:
    send = [write(0, "0x310", "0x01000000"), write(0, "0x300", "0x400"), write(0, "0x300", "0x400")]

    assert run(*send, {"op": "nmi_count", "cpu": 1, "value": 2}).mismatches == []


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("not JSON", "line 1: this is not a whole JSON object"),
        ("[1]", "line 1: this is not a JSON object"),
        ("{}", "line 1: this is not the header of a conformance set"),
        (HEADER | {"format": "apic-conformance/9"}, "line 1: this is not the header"),
        (HEADER | {"cpus": 0}, 'line 1: "cpus" must be a number from 1 to 255'),
        (HEADER | {"cpus": "4"}, 'line 1: "cpus" must be a number'),
        (HEADER | {"apic_mode": "x3apic"}, 'line 1: "apic_mode" must be'),
        (HEADER | {"apic_mode": "disabled"}, 'line 1: "apic_mode" must be'),
    ],
)
def test_a_header_that_is_none_is_refused(header: dict[str, Any] | str, said: str) -> None:
    with pytest.raises(UnusableRecording) as caught:
        run(header=header)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ('{"op": "read", "cpu": 0, "re', "this is not a whole JSON object"),
        ("7", "this is not a JSON object"),
        ({"op": "dance"}, "'dance' is no operation"),
        ({"cpu": 0}, "None is no operation"),
        ({"op": ["read"]}, "is no operation"),
        (read(2, "0x020", "0x0"), '"cpu" must be a number from 0 to 1'),
        ({"op": "read", "cpu": 0, "value": "0x0"}, '"reg" must be a hexadecimal string of at most 12 bits'),
        ({"op": "read", "cpu": 0, "reg": "0x020"}, '"value" must be a hexadecimal string of at most 32 bits'),
        (read(0, "0x020", "0xg"), '"value" must be'),
        (read(0, "0x020", "0x1_0"), '"value" must be'),
        (read(0, "0x020", "0x\u0663"), '"value" must be'),
        (read(0, "0x020", "0x100000000"), '"value" must be'),
        ({"op": "read", "cpu": 0, "reg": "0x020", "fault": "#UD"}, '"fault" can only be "#GP"'),
        ({"op": "accept", "cpu": 0}, '"vector" is missing'),
        ({"op": "accept", "cpu": 0, "vector": 256}, '"vector" must be a number from 0 to 255'),
        ({"op": "accept", "cpu": True, "vector": 65}, '"cpu" must be a number'),
        ({"op": "pin", "pin": 24, "level": 1}, '"pin" must be a number from 0 to 23'),
        ({"op": "msi", "address": "0x1000", "data": "0x41"}, "is not 0xfeexxxxx"),
    ],
)
def test_a_line_that_cannot_be_understood_is_named(operation: dict[str, Any] | str, said: str) -> None:
    with pytest.raises(UnusableRecording) as caught:
        run(ENABLE, operation)
    assert str(caught.value).startswith("line 3: ")
    assert said in str(caught.value)


def test_an_empty_file_is_no_set() -> None:
    with pytest.raises(UnusableRecording, match="the file is empty"):
        run_conformance("empty", io.BytesIO(b""))
