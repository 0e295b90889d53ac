"""Runs recorded conformance sets: accesses of a real interrupt controller, and what it answered.

The format is apic-conformance/1: a header line, then one operation a line, as JSON.
"""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from app.hw.events import Fault
from app.hw.machine import MAX_XAPIC_CPUS, Machine
from app.hw.profile import INTEL_SDM, Profile
from app.trace.errors import UnusableRecording
from app.trace.readers.text import UPLOAD_LIMITS, Limits, RecordedText
from app.x86.model_specific_registers import ApicMode
from app.x86.numerals import hexadecimal
from app.x86.redirection import PIN_COUNT

FORMAT = "apic-conformance/1"
_GENERAL_PROTECTION = "#GP"

Fields = dict[str, Any]


class Header(NamedTuple):
    """The first line: what was recorded from what."""

    oracle: str
    cpus: int
    mode: ApicMode


class Mismatch(NamedTuple):
    """A line whose recorded answer is not the model's. Both answers in words."""

    line: int
    operation: str
    recorded: str
    model: str


class Conformance(NamedTuple):
    """What came of one set."""

    name: str
    oracle: str
    checks: int
    mismatches: list[Mismatch]


def run_conformance(
    name: str, source: BinaryIO, limits: Limits = UPLOAD_LIMITS, profile: Profile = INTEL_SDM
) -> Conformance:
    """Runs the set called *name*. UnusableRecording names the line that cannot be understood."""
    lines = _lines(source, limits)
    header = _header(next(lines, (1, "")), profile)
    run = _Run(header, profile)
    mismatches: list[Mismatch] = []
    checks = 0
    for number, line in lines:
        fields = _parsed(number, line)
        checked = run.perform(number, fields)
        if checked is None:
            continue
        checks += 1
        recorded, model = checked
        if recorded != model:
            mismatches.append(Mismatch(number, _words(fields), _answer(recorded), _answer(model)))
    return Conformance(name, header.oracle, checks, mismatches)


# Reading


def _lines(source: BinaryIO, limits: Limits) -> Iterator[tuple[int, str]]:
    number = 0
    for block in RecordedText(source, limits).blocks():
        for line in block:
            number += 1
            if line.strip():
                yield number, line


def _parsed(number: int, line: str) -> Fields:
    try:
        fields = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        raise UnusableRecording("this is not a whole JSON object", number) from None
    if not isinstance(fields, dict):
        raise UnusableRecording("this is not a JSON object", number)
    return fields


def _header(first: tuple[int, str], profile: Profile) -> Header:
    number, line = first
    fields = _parsed(number, line)
    if fields.get("format") != FORMAT:
        raise UnusableRecording(f'this is not the header of a conformance set ("format": "{FORMAT}")', number)
    cpus = _whole(number, fields, "cpus", 1, MAX_XAPIC_CPUS)
    try:
        mode = ApicMode(fields.get("apic_mode"))
    except ValueError:
        raise UnusableRecording('"apic_mode" must be "xapic" or "x2apic"', number) from None
    if mode is ApicMode.DISABLED:
        raise UnusableRecording('"apic_mode" must be "xapic" or "x2apic"', number)
    if mode is ApicMode.X2APIC and not profile.x2apic:
        raise UnusableRecording(f"the set is of x2APIC mode, which profile {profile.name} does not have", number)
    return Header(str(fields.get("oracle", "")), cpus, mode)


def _whole(number: int, fields: Fields, name: str, lowest: int, highest: int) -> int:
    """A plain number, or None where the recording has null."""
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise UnusableRecording(f'"{name}" must be a number from {lowest} to {highest}', number)
    return value


def _hexadecimal(number: int, fields: Fields, name: str, bits: int) -> int:
    text = fields.get(name)
    try:
        value = hexadecimal(text) if isinstance(text, str) else -1
    except ValueError:
        value = -1
    if not 0 <= value < 1 << bits:
        raise UnusableRecording(f'"{name}" must be a hexadecimal string of at most {bits} bits', number)
    return value


# Running

#: What the recording says and what the model says: a value, a vector or None, or "#GP".
Answer = int | str | None


class _Run:
    """One set's machine. ``perform`` does one line."""

    def __init__(self, header: Header, profile: Profile) -> None:
        self._cpus = header.cpus
        self._value_bits = 64 if header.mode is ApicMode.X2APIC else 32
        self._machine = Machine(header.cpus, header.mode, profile=profile)
        self._operations = {
            "write": self._write,
            "read": self._read,
            "accept": self._accept,
            "nmi_count": self._nmi_count,
            "pin": self._pin,
            "msi": self._msi,
            "ioapic_write": self._io_apic_write,
            "ioapic_read": self._io_apic_read,
        }

    def perform(self, number: int, fields: Fields) -> tuple[Answer, Answer] | None:
        """Performs the operation. Returns the recorded answer and the model's, where there is one to check."""
        name = fields.get("op")
        operation = self._operations.get(name) if isinstance(name, str) else None
        if operation is None:
            raise UnusableRecording(f"{name!r} is no operation of a conformance set", number)
        checked = operation(number, fields)
        self._machine.settle()
        self._take_nmis()
        self._machine.events.clear()
        return checked

    def _take_nmis(self) -> None:
        for cpu in self._machine.cpus:
            while cpu.nmi_deliverable():
                cpu.take_nmi()
                cpu.return_from_nmi()  # the recorded handlers did nothing but count

    def _cpu(self, number: int, fields: Fields) -> int:
        return _whole(number, fields, "cpu", 0, self._cpus - 1)

    def _write(self, number: int, fields: Fields) -> tuple[Answer, Answer]:
        offset = _hexadecimal(number, fields, "reg", 12)
        value = _hexadecimal(number, fields, "value", self._value_bits)
        fault = self._machine.write_register(self._cpu(number, fields), offset, value)
        return _recorded_fault(number, fields), _GENERAL_PROTECTION if isinstance(fault, Fault) else None

    def _read(self, number: int, fields: Fields) -> tuple[Answer, Answer]:
        offset = _hexadecimal(number, fields, "reg", 12)
        recorded: Answer = _recorded_fault(number, fields)
        if recorded is None:
            recorded = _hexadecimal(number, fields, "value", self._value_bits)
        value = self._machine.read_register(self._cpu(number, fields), offset)
        return recorded, _GENERAL_PROTECTION if isinstance(value, Fault) else value

    def _accept(self, number: int, fields: Fields) -> tuple[Answer, Answer]:
        if "vector" not in fields:
            raise UnusableRecording('"vector" is missing', number)
        recorded = None if fields["vector"] is None else _whole(number, fields, "vector", 0, 255)
        apic = self._machine.cpus[self._cpu(number, fields)].apic
        return recorded, None if apic.deliverable() is None else apic.acknowledge()

    def _nmi_count(self, number: int, fields: Fields) -> tuple[Answer, Answer]:
        recorded = _whole(number, fields, "value", 0, 1 << 32)
        return recorded, self._machine.cpus[self._cpu(number, fields)].nmi_count

    def _pin(self, number: int, fields: Fields) -> None:
        pin = _whole(number, fields, "pin", 0, PIN_COUNT - 1)
        self._machine.drive_pin(pin, _whole(number, fields, "level", 0, 1))

    def _msi(self, number: int, fields: Fields) -> None:
        address = _hexadecimal(number, fields, "address", 32)
        try:
            self._machine.send_msi(address, _hexadecimal(number, fields, "data", 32))
        except ValueError as error:
            raise UnusableRecording(str(error), number) from None

    def _io_apic_write(self, number: int, fields: Fields) -> None:
        index = _hexadecimal(number, fields, "index", 8)
        self._machine.write_io_apic(index, _hexadecimal(number, fields, "value", 32))

    def _io_apic_read(self, number: int, fields: Fields) -> tuple[Answer, Answer]:
        index = _hexadecimal(number, fields, "index", 8)
        return _hexadecimal(number, fields, "value", 32), self._machine.read_io_apic(index)


def _recorded_fault(number: int, fields: Fields) -> str | None:
    fault = fields.get("fault")
    if fault not in (None, _GENERAL_PROTECTION):
        raise UnusableRecording(f'"fault" can only be "{_GENERAL_PROTECTION}"', number)
    return _GENERAL_PROTECTION if fault else None


# Words


def _words(fields: Fields) -> str:
    details = " ".join(
        f"{name} {value}" for name, value in fields.items() if name not in ("op", "value", "vector", "fault")
    )
    return f"{fields['op']} {details}"


def _answer(answer: Answer) -> str:
    match answer:
        case None:
            return "nothing"
        case str():
            return answer
        case _:
            return f"{answer:#x}"
