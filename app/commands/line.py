"""A command as one line: ``ipi 0 2 61``. What such a line is made of stands in the command's class, as a ``Line`` of
``Part``s; here is how words go along one. Which line it is that somebody writes, ``line_reading`` finds out.

A part reads one word and gives fields of the command's JSON; the same part writes these fields as a word.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.hw.machine import Machine
from app.x86.words import VectorNames

#: Fields of a command's JSON, by name. What a line reads of a field of an object has a name with a dot.
Values = dict[str, Any]


class Surroundings(NamedTuple):
    """What a line may speak of without saying it: the machine, what its kernel calls its vectors and can be asked for,
    the back ends that do not fit (each with the reason), and the CPU that the writer has selected."""

    machine: Machine
    names: VectorNames
    functions: Collection[str]
    refused: Mapping[str, str]
    selected: int | None = None

    @property
    def cpu_count(self) -> int:
        return len(self.machine.cpus)


class Misread(ValueError):
    """What is wrong with a word; or with words together, at that of the field *of_field*; or with a text to the end of
    the line, behind its first *at* characters. *meant*: the word was meant for the part that says so, of several."""

    def __init__(self, says: str, *, of_field: str = "", at: int | None = None, meant: bool = False) -> None:
        super().__init__(says)
        self.of_field = of_field
        self.at = at
        self.meant = meant


class Completion(NamedTuple):
    """A word that may stand somewhere, and what it means. *spelled*: it is offered to whoever has begun to write it."""

    text: str
    says: str = ""
    spelled: bool = False


class Word(NamedTuple):
    """A word of a line, and where it begins."""

    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def words_of(text: str) -> list[Word]:
    """What stands between the blanks of *text*."""
    words: list[Word] = []
    start = 0
    for word in text.split():
        start = text.index(word, start)
        words.append(Word(word, start))
        start += len(word)
    return words


@dataclass(frozen=True, slots=True)
class Part:
    """One place of a line. *shown* is how the line's syntax has it, *says* what is written there, *fields* are those
    that it gives."""

    shown: str
    says: str
    fields: tuple[str, ...] = ()

    #: It is all that is left of the line, blanks and all.
    is_rest = False
    #: The syntax and the completions leave it out: it is there so that every command can be written.
    is_rare = False

    def may_follow(self, read: Values) -> bool:
        """Whether it can stand behind what has been *read*; of those parts alone that have no fixed place."""
        return not any(name in read for name in self.fields)

    def is_needed(self, read: Values) -> bool:
        """Whether the command is none without it; of those parts alone that have no fixed place."""
        return False

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        """The fields that *text* gives, behind what has been *read*. Misread says what is wrong with it."""
        raise NotImplementedError

    def write(self, values: Values, among: Surroundings | None) -> str:
        """The word for these *values*; "" where it can be left out. Without surroundings it holds for any machine."""
        raise NotImplementedError

    def choices(self, read: Values, among: Surroundings) -> Iterable[Completion]:
        """What may stand there."""
        return ()

    def begun(self, text: str) -> str:
        """The end of *text* that a completion takes the place of."""
        return text


#: Turns what the parts have read into the command's JSON; Misread where they do not go together.
Join = Callable[[Values, Surroundings], Values]
#: The reverse: what the parts are to write.
Split = Callable[[Values, Surroundings | None], Values]


def as_it_is(values: Values, among: Surroundings | None) -> Values:
    """The parts' fields are the command's."""
    return values


class Misfit(NamedTuple):
    """What is wrong with a line, and where. *begun*: only what may still be written at its end is missing."""

    start: int
    end: int
    says: str
    begun: bool = False


@dataclass(slots=True)
class Followed:
    """How far words went along a line: what they give, where each field was read, and what may, and must, come next."""

    line: "Line"
    values: Values
    places: dict[str, Word] = field(default_factory=dict)
    next: tuple[Part, ...] = ()
    missing: tuple[Part, ...] = ()
    misfit: Misfit | None = None
    #: How many words were read.
    reached: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One way to say a command: its first *word*, then *parts* in their order, then the *free* ones in any order.

    *says* is what it does, "" where the command's description says it; *example* holds on a machine of four CPUs.
    *fixed* are the fields that the first word gives by itself.
    """

    word: str
    parts: tuple[Part, ...] = ()
    free: tuple[Part, ...] = ()
    example: str = ""
    says: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    join: Join = as_it_is
    split: Split = as_it_is
    #: It says what another line of the command says as well, shorter: no command is written so.
    is_short: bool = False

    @property
    def syntax(self) -> str:
        """``pin PIN up``: the words as they are, values in capitals, what can be left out in brackets."""
        free = (part.shown if part.is_needed({}) else f"[{part.shown}]" for part in self.free if not part.is_rare)
        fixed = [part.shown for part in self.parts if not part.is_rest]
        rest = [part.shown for part in self.parts if part.is_rest]
        return " ".join((self.word, *fixed, *free, *rest))

    def says_it(self, values: Mapping[str, Any]) -> bool:
        """Whether a command with these *values* can be written so."""
        return not self.is_short and all(values.get(name) == value for name, value in self.fixed.items())

    def write(self, values: Values, among: Surroundings | None) -> str:
        """The line for a command's JSON."""
        split = self.split(values, among)
        ordered = sorted((*self.parts, *self.free), key=lambda part: part.is_rest)
        return " ".join(filter(None, (self.word, *(part.write(split, among) for part in ordered))))

    def follow(self, text: str, words: list[Word], among: Surroundings) -> Followed:
        """Goes along with *words*, which stand in *text*; the first is the line's own. It stops at one that does not
        fit."""
        followed = Followed(self, dict(self.fixed))
        ahead, free = list(self.parts), list(self.free)
        for word in words[1:]:
            options = _options(ahead, free, followed.values)
            part = _reader_of(word, text, options, followed, among)
            if part is None:
                followed.next = tuple(options)
                return followed
            (ahead if part in ahead else free).remove(part)
            followed.reached += 1
            if part.is_rest:
                followed.next = (part,)
                return followed
        followed.next = tuple(_options(ahead, free, followed.values))
        followed.missing = (*ahead, *(part for part in free if part.is_needed(followed.values)))
        return followed


def _options(ahead: list[Part], free: list[Part], read: Values) -> list[Part]:
    """The parts that the next word may be."""
    if ahead and not ahead[0].is_rest:
        return ahead[:1]
    return [*(part for part in free if part.may_follow(read)), *ahead[:1]]


def _reader_of(word: Word, text: str, options: list[Part], followed: Followed, among: Surroundings) -> Part | None:
    """The first of *options* that reads *word*, its fields read; None, and a misfit noted, where there is none."""
    refusals: list[Misread] = []
    for part in options:
        written = Word(text[word.start :].rstrip(), word.start) if part.is_rest else word
        try:
            values = part.read(written.text, followed.values, among)
        except Misread as misread:
            refusals.append(misread)
            if part.is_rest:
                followed.next, followed.misfit = (part,), _misfit_of_rest(written, misread)
            continue
        followed.values |= values
        followed.places |= dict.fromkeys(part.fields, written)
        followed.misfit = None
        return part
    if followed.misfit is None:
        followed.misfit = Misfit(word.start, word.end, _says(word, options, refusals, followed.line))
    return None


def _misfit_of_rest(written: Word, misread: Misread) -> Misfit:
    """Where in a text of many words something is wrong: *misread* may know its place."""
    if misread.at is None:
        return Misfit(written.start, written.end, str(misread))
    start = min(written.start + misread.at, written.end)
    return Misfit(start, written.end, str(misread), begun=start >= written.end)


def _says(word: Word, options: list[Part], refusals: list[Misread], line: Line) -> str:
    if not options:
        return f"{word.text!r} is more than the line has: {line.syntax}"
    meant = refusals[0] if len(options) == 1 else next((refusal for refusal in refusals if refusal.meant), None)
    if meant is not None:
        return str(meant)
    shown = [part for part in options if not part.is_rare]
    return f"{word.text!r} is none of what can stand here: {', '.join(part.shown for part in shown)}"


def offered(part: Part, read: Values, among: Surroundings) -> Iterator[Completion]:
    """What may stand at *part*, for completion."""
    if not part.is_rare:
        yield from part.choices(read, among)


def nested(values: Values) -> Values:
    """A command's JSON of what parts have read: ``arguments.cpu`` is the field ``cpu`` of the object ``arguments``."""
    whole: Values = {}
    for name, value in values.items():
        outer, dot, inner = name.partition(".")
        if dot:
            whole.setdefault(outer, {})[inner] = value
        else:
            whole[name] = value
    return whole


def flat(values: Values) -> Values:
    """The reverse."""
    flattened: Values = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flattened |= {f"{name}.{inner}": each for inner, each in value.items()}
        else:
            flattened[name] = value
    return flattened
