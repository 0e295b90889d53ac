"""Conditions as values: whether one holds, and why, in words."""

import operator
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from app.breakpoints.seen import Seen
from app.breakpoints.words import CPU_VALUE_NAMES, Called, Word
from app.x86.words import VectorNames

#: The comparisons, each with what it is in words.
COMPARISONS: dict[str, tuple[Callable[[int, int], bool], str]] = {
    "==": (operator.eq, "equal to"),
    "!=": (operator.ne, "other than"),
    "<=": (operator.le, "at most"),
    ">=": (operator.ge, "at least"),
    "<": (operator.lt, "less than"),
    ">": (operator.gt, "more than"),
}


class Node:
    """A part of a condition."""

    __slots__ = ()

    @abstractmethod
    def value(self, seen: Seen) -> int | None:
        """What it is now: 0 is no; None: nothing is there to compare."""

    @abstractmethod
    def why(self, seen: Seen, names: VectorNames) -> list[str]:
        """What makes it what it is now, in phrases."""

    def words(self) -> "Iterator[tuple[Word, Called]]":
        """Every word in it."""
        yield from ()


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number as it was *written*."""

    number: int
    written: str

    def value(self, seen: Seen) -> int:
        return self.number

    def why(self, seen: Seen, names: VectorNames) -> list[str]:
        return []

    @property
    def shown(self) -> str:
        """As a sentence has it."""
        return self.written if self.written.startswith("0x") else f"{self.number:,}"


@dataclass(frozen=True, slots=True)
class Asked(Node):
    """A word with what stands around it."""

    word: Word
    called: Called

    def value(self, seen: Seen) -> int | None:
        return self.word.value(seen, self.called)

    def why(self, seen: Seen, names: VectorNames) -> list[str]:
        return self.word.says(seen, self.called, names)

    def words(self) -> Iterator[tuple[Word, Called]]:
        yield self.word, self.called


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """One value held against another; what is not there compares with nothing."""

    sign: str
    left: Node
    right: Node

    def value(self, seen: Seen) -> int:
        left, right = self.left.value(seen), self.right.value(seen)
        return left is not None and right is not None and COMPARISONS[self.sign][0](left, right)

    def why(self, seen: Seen, names: VectorNames) -> list[str]:
        left, right = self.left.why(seen, names), self.right.why(seen, names)
        if isinstance(self.right, Number) and left:
            return [f"{left[0]}, {COMPARISONS[self.sign][1]} {self.right.shown}"] if self.value(seen) else left
        return [*left, *right]

    def words(self) -> Iterator[tuple[Word, Called]]:
        yield from self.left.words()
        yield from self.right.words()


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The opposite."""

    part: Node

    def value(self, seen: Seen) -> int:
        return not self.part.value(seen)

    def why(self, seen: Seen, names: VectorNames) -> list[str]:
        return self.part.why(seen, names)

    def words(self) -> Iterator[tuple[Word, Called]]:
        yield from self.part.words()


@dataclass(frozen=True, slots=True)
class Both(Node):
    """All of its parts hold."""

    parts: tuple[Node, ...]
    joined_by: ClassVar[str] = "and"

    def value(self, seen: Seen) -> int:
        return all(part.value(seen) for part in self.parts)

    def why(self, seen: Seen, names: VectorNames) -> list[str]:
        return [phrase for part in self.parts for phrase in part.why(seen, names)]

    def words(self) -> Iterator[tuple[Word, Called]]:
        for part in self.parts:
            yield from part.words()


@dataclass(frozen=True, slots=True)
class Either(Both):
    """One of its parts holds."""

    joined_by: ClassVar[str] = "or"

    def value(self, seen: Seen) -> int:
        return any(part.value(seen) for part in self.parts)

    def why(self, seen: Seen, names: VectorNames) -> list[str]:
        held = [part for part in self.parts if part.value(seen)] or self.parts
        return [phrase for part in held for phrase in part.why(seen, names)]


class Condition:
    """What was written, read. Two are equal when they mean the same."""

    __slots__ = ("asks_latency", "asks_state", "root", "text")

    def __init__(self, text: str, root: Node) -> None:
        self.text = text
        self.root = root
        asked = [word for word, _ in root.words()]
        #: Whether it looks at the machine, and not at what happens alone.
        self.asks_state = any(word.is_state for word in asked)
        self.asks_latency = any(word.name == "latency" for word in asked)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Condition({self.text!r})"

    def holds(self, seen: Seen) -> bool:
        """Whether it holds in that tick."""
        return bool(self.root.value(seen))

    def why(self, seen: Seen, names: VectorNames) -> str:
        """Why it holds in that tick: phrases with values, without a full stop."""
        phrases = list(dict.fromkeys(self.root.why(seen, names)))
        return "; ".join(phrases) or self.text

    @property
    def cpus(self) -> list[int]:
        """The CPUs that it names."""
        asked = [called for _, called in self.root.words()]
        named = [called.cpu for called in asked if called.cpu is not None]
        return named + [called.arguments[0] for called in asked if called.of_cpu]

    @property
    def untold(self) -> str:
        """Why a recording cannot tell whether it holds; "" where it can."""
        for word, called in self.root.words():
            if word.untold:
                return f"{word.name}: {word.untold}"
            if called.of_cpu and CPU_VALUE_NAMES[called.of_cpu].untold:
                return f"cpu(N).{called.of_cpu}: {CPU_VALUE_NAMES[called.of_cpu].untold}"
        return ""


#: What stands where no condition could be read.
NEVER = Condition("", Number(0, "0"))
