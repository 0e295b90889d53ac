"""The parts that lines of commands are made of: numbers, CPUs, words, and texts to the end of the line."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from app.commands.line import Completion, Misread, Part, Surroundings, Values
from app.x86.redirection import LEVEL, MASKED, PIN_COUNT

#: Stands for the CPU that the writer has selected.
SELECTED = "."
_DECIMAL = re.compile(r"-?[0-9]{1,16}|-?[0-9]{1,3}(,[0-9]{3}){1,5}")
_HEXADECIMAL = re.compile(r"(0[xX])?[0-9a-fA-F]{1,16}")
_RANGE = re.compile(r"([0-9]{1,4}|\.)(?:-([0-9]{1,4}))?")
_MAX = "max"
#: Of more numbers than these nobody chooses one from a list.
_MOST_OFFERED = 32
#: Of more words than these a refusal does not list all.
_MOST_KNOWN = 12


def none_of(text: str, known: Collection[str]) -> str:
    """That *text* is none of *known*: of many, the one that looks like it is named."""
    near = get_close_matches(text.lower(), {word.lower(): word for word in known}, 1)
    shown = repr(text if len(text) <= 40 else f"{text[:40]}…")
    if len(known) == 1:
        return f"{shown} is not {next(iter(known))}"
    if len(known) > _MOST_KNOWN:
        return f"{shown} is not known here" + (f"; {near[0]}?" if near else "")
    return f"{shown} is none of {', '.join(known)}"


def one_cpu(text: str, among: Surroundings) -> int:
    """The CPU that *text* names. Misread when there is none."""
    if text == SELECTED:
        if among.selected is None:
            raise Misread(f"{SELECTED!r} is the selected CPU, and none is selected")
        return among.selected
    if not (text.isascii() and text.isdigit()) or len(text) > 4:
        raise Misread(f"{text!r} is not the number of a CPU")
    return _there(int(text), among)


def _there(cpu: int, among: Surroundings) -> int:
    if cpu >= among.cpu_count:
        raise Misread(f"there is no CPU {cpu}; this machine has 0 to {among.cpu_count - 1}")
    return cpu


def some_cpus(text: str, among: Surroundings) -> list[int]:
    """The CPUs that *text* names: ``2``, ``0-3,7``. Misread when that is no set of CPUs of the machine."""
    cpus: set[int] = set()
    for piece in text.split(","):
        found = _RANGE.fullmatch(piece)
        if found is None:
            raise Misread(f"{text!r} is no set of CPUs: write 2, or 0-3,7")
        first = one_cpu(found[1], among)
        last = first if found[2] is None else _there(int(found[2]), among)
        if last < first:
            raise Misread(f"{piece!r} ends before it begins")
        cpus.update(range(first, last + 1))
    return sorted(cpus)


def cpus_words(cpus: Iterable[int]) -> str:
    """A set of CPUs as ``some_cpus`` reads it."""
    ranges: list[list[int]] = []
    for cpu in sorted(cpus):
        if ranges and ranges[-1][-1] == cpu - 1:
            ranges[-1] = [ranges[-1][0], cpu]
        else:
            ranges.append([cpu])
    return ",".join("-".join(map(str, one)) for one in ranges)


@dataclass(frozen=True, slots=True)
class OneCpu(Part):
    """The number of a CPU, or ``.`` for the selected one."""

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        return {self.fields[0]: one_cpu(text, among)}

    def write(self, values: Values, among: Surroundings | None) -> str:
        cpu = values.get(self.fields[0])
        return "" if cpu is None else str(cpu)

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        if among.selected is not None:
            yield Completion(str(among.selected), "the selected CPU")
        for cpu in range(among.cpu_count):
            if cpu != among.selected:
                yield Completion(str(cpu), spelled=cpu >= _MOST_OFFERED)


@dataclass(frozen=True, slots=True)
class Decimal(Part):
    """A whole number as it is counted, with commas or without."""

    lowest: int = 0
    highest: int = 0
    #: What is not written; None: it always is.
    otherwise: int | None = None

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        if not _DECIMAL.fullmatch(text):
            raise Misread(f"{text!r} is not a whole number")
        value = int(text.replace(",", ""))
        if not self.lowest <= value <= self.highest:
            raise Misread(f"{text} is not in {self.lowest:,} to {self.highest:,}", meant=True)
        return {self.fields[0]: value}

    def write(self, values: Values, among: Surroundings | None) -> str:
        value = values.get(self.fields[0])
        return "" if value is None or value == self.otherwise else str(value)


@dataclass(frozen=True, slots=True)
class PinNumber(Decimal):
    """A pin of the I/O APIC."""

    highest: int = PIN_COUNT - 1

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        for pin, entry in enumerate(among.machine.io_apic.entries):
            masked = ", masked" if entry & MASKED else ""
            line = "up" if among.machine.io_apic.lines[pin] else "down"
            yield Completion(str(pin), f"{entry & 0xFF:#04x}, {'level' if entry & LEVEL else 'edge'}, {line}{masked}")


@dataclass(frozen=True, slots=True)
class Hexadecimal(Part):
    """A number as vectors and registers are written: 61 is 0x61. *words* are names of values."""

    highest: int = 0
    lowest: int = 0
    words: Mapping[str, int] = field(default_factory=dict)

    def names(self, among: Surroundings) -> Mapping[str, int]:
        """What can be written instead of a number."""
        return self.words

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        named = self.names(among).get(text.lower())
        if named is not None:
            return {self.fields[0]: named}
        if not _HEXADECIMAL.fullmatch(text):
            raise Misread(f"{text!r} is not hexadecimal: write {self._example()}")
        value = int(text, 16)
        if not self.lowest <= value <= self.highest:
            limits = f"in {self.lowest:#x} to" if self.lowest else "at most"
            raise Misread(f"{value:#x} is not {limits} {self.highest:#x}", meant=True)
        return {self.fields[0]: value}

    def _example(self) -> str:
        return "61 for 0x61" if self.highest == 0xFF else f"{self.lowest:x} to {self.highest:x}"

    def write(self, values: Values, among: Surroundings | None) -> str:
        value = values.get(self.fields[0])
        if value is None:
            return ""
        return f"{value:02x}" if self.highest == 0xFF else f"{value:x}"

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        for name, value in self.names(among).items():
            yield Completion(name, f"{value:#04x}")


@dataclass(frozen=True, slots=True)
class VectorNumber(Hexadecimal):
    """A vector: two hexadecimal digits, or what the kernel calls it."""

    highest: int = 0xFF

    def names(self, among: Surroundings) -> Mapping[str, int]:
        return {name.lower().replace(" ", "-"): vector for vector, name in among.names.items()}

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        for vector, name in sorted(among.names.items()):
            yield Completion(f"{vector:02x}", name)
        for name, vector in self.names(among).items():
            yield Completion(name, f"{vector:#04x}", spelled=True)


class Meant(tuple[Any, str]):
    """The value that a word stands for, and what it means."""

    __slots__ = ()

    def __new__(cls, value: Any, says: str) -> "Meant":
        return super().__new__(cls, (value, says))


@dataclass(frozen=True, slots=True)
class OneOfWords(Part):
    """One of some words, each with the value of the field and what it means. The first that has a value is written."""

    words: Mapping[str, Meant] = field(default_factory=dict)
    #: The value that is not written; None: each is.
    otherwise: Any = None

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        meant = next((meant for word, meant in self.words.items() if word.lower() == text.lower()), None)
        if meant is None:
            raise Misread(none_of(text, self.words))
        return {self.fields[0]: meant[0]}

    def write(self, values: Values, among: Surroundings | None) -> str:
        value = values.get(self.fields[0], self.otherwise)
        if value is None or value == self.otherwise:
            return ""
        return next(word for word, meant in self.words.items() if meant[0] == value)

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        for word, (_, says) in self.words.items():
            yield Completion(word, says)


def words(field_name: str, shown: str, says: str, **meant: tuple[Any, str]) -> OneOfWords:
    """One of the words *meant*: (value, what it means) of each."""
    return OneOfWords(shown, says, (field_name,), {word: Meant(*each) for word, each in meant.items()})


def switch(field_name: str, on: str, off: str) -> OneOfWords:
    """``on`` or ``off``."""
    return words(field_name, "on|off", "on or off", on=(True, on), off=(False, off))


def mark(word: str, field_name: str, value: Any, otherwise: Any, says: str) -> OneOfWords:
    """A word that makes *value* of what is *otherwise* something else."""
    return OneOfWords(word, says, (field_name,), {word: Meant(value, says)}, otherwise)


@dataclass(frozen=True, slots=True)
class Exactly(Part):
    """A word that tells the command from others that begin alike."""

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        if text.lower() != self.shown:
            raise Misread(f"{text!r} is not {self.shown}")
        return {}

    def write(self, values: Values, among: Surroundings | None) -> str:
        return self.shown

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        yield Completion(self.shown, self.says)


@dataclass(frozen=True, slots=True)
class Named(Part):
    """``branch=2``: a part with its name before it, wherever it stands."""

    name: str = ""
    inner: Part | None = None

    @property
    def _of(self) -> Part:
        assert self.inner is not None
        return self.inner

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        name, equals, value = text.partition("=")
        if not equals or name.lower() != self.name:
            raise Misread(f"{text!r} is not {self.shown}")
        return self._of.read(value, read, among)

    def write(self, values: Values, among: Surroundings | None) -> str:
        written = self._of.write(values, among)
        return f"{self.name}={written}" if written else ""

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        for one in self._of.choices(read, among):
            yield Completion(f"{self.name}={one.text}", one.says, one.spelled)


@dataclass(frozen=True, slots=True)
class Rare(Named):
    """One of those that nobody needs who writes by hand."""

    is_rare = True


def named_part(inner: Part, name: str, kind: type[Named] = Named) -> Named:
    """*inner* with *name* before it."""
    return kind(f"{name}={inner.shown}", inner.says, inner.fields, name, inner)


@dataclass(frozen=True, slots=True)
class Remaining(Part):
    """A text to the end of the line."""

    is_rest = True

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        return {self.fields[0]: text}

    def write(self, values: Values, among: Surroundings | None) -> str:
        return str(values[self.fields[0]])


@dataclass(frozen=True, slots=True)
class SpeedOrMax(Part):
    """Cycles a second; ``max`` is as fast as it goes."""

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        return {self.fields[0]: text.lower().replace(",", "")}

    def write(self, values: Values, among: Surroundings | None) -> str:
        speed = values[self.fields[0]]
        return _MAX if speed is None else repr(float(speed)).removesuffix(".0")

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        yield Completion(_MAX, "as fast as it goes")
