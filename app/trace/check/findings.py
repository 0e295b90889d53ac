"""What a replay finds: how much was checked, and every place where recording and model differ."""

from collections import Counter
from typing import Generic, NamedTuple, Protocol, TypeVar

#: Differences beyond this many are counted, but no longer listed.
LISTED = 1000


class Explicable(Protocol):
    """A difference, which may be a named deviation of the recorder from the manual."""

    @property
    def known_deviation(self) -> str | None: ...


class ReadDifference(NamedTuple):
    """A register read gave the recorded CPU another value than the model's. ``cpu`` is None for the I/O APIC."""

    line: int
    cpu: int | None
    register: int
    recorded: int
    model: int
    known_deviation: str | None


class VectorDifference(NamedTuple):
    """A CPU took *vector* where the model would have given it ``model`` (None: nothing)."""

    line: int
    cpu: int
    vector: int
    model: int | None
    why: str
    known_deviation: str | None


class Difference(NamedTuple):
    """Anything else that the recording says and the model does not, or the other way round."""

    line: int
    what: str
    known_deviation: str | None


Item = TypeVar("Item", bound=Explicable)


class Tally(Generic[Item]):
    """How many checks of one kind were made, and what they found."""

    __slots__ = ("checked", "listed", "mismatched", "unexplained")

    def __init__(self) -> None:
        self.checked = 0
        self.mismatched = 0
        #: Those of ``mismatched`` that are no known deviation.
        self.unexplained = 0
        self.listed: list[Item] = []

    def differ(self, difference: Item) -> None:
        """A check, counted already, has found *difference*."""
        self.mismatched += 1
        if difference.known_deviation is None:
            self.unexplained += 1
        if len(self.listed) < LISTED:
            self.listed.append(difference)


class Findings:
    """The tallies of one replay, filled while it runs."""

    def __init__(self, cpu_count: int) -> None:
        self.reads: Tally[ReadDifference] = Tally()
        #: Reads of what depends on time.
        self.reads_skipped = 0
        #: Reads, and vectors taken, that hang on something that the recording does not show.
        self.reads_unseen = 0
        self.vectors_unseen = 0
        self.vectors: Tally[VectorDifference] = Tally()
        self.timer = 0
        self.legacy_pic = 0
        self.spurious = 0
        self.io_apic_reads: Tally[ReadDifference] = Tally()
        #: Messages that the I/O APIC sent, and EOI broadcasts.
        self.messages: Tally[Difference] = Tally()
        self.others: Tally[Difference] = Tally()
        #: Per vector, how often each CPU took it.
        self.taken: dict[int, list[int]] = {}
        self.ipis_sent = 0
        self.device_messages = 0
        #: Accesses of local-APIC registers: (offset, whether a write) to their number.
        self.accesses: Counter[tuple[int, bool]] = Counter()
        #: Of the writes to ICR low, how many reached so many CPUs: none that was refused.
        self.targets: Counter[int] = Counter()
        self._cpu_count = cpu_count

    def count_taken(self, cpu: int, vector: int) -> None:
        """*cpu* took *vector*."""
        row = self.taken.get(vector)
        if row is None:
            row = self.taken[vector] = [0] * self._cpu_count
        row[cpu] += 1

    @property
    def unexplained(self) -> int:
        """Differences of every kind that are no known deviation."""
        return sum(tally.unexplained for tally in self._tallies)

    @property
    def mismatched(self) -> int:
        """Differences of every kind, explained or not."""
        return sum(tally.mismatched for tally in self._tallies)

    @property
    def checked(self) -> int:
        """Checks of every kind."""
        return sum(tally.checked for tally in self._tallies)

    @property
    def differences(self) -> list[ReadDifference | VectorDifference | Difference]:
        """All that are listed, in the order of their lines."""
        listed: list[ReadDifference | VectorDifference | Difference] = [
            *self.reads.listed,
            *self.vectors.listed,
            *self.io_apic_reads.listed,
            *self.messages.listed,
            *self.others.listed,
        ]
        return sorted(listed, key=lambda difference: difference.line)

    @property
    def _tallies(self) -> tuple[Tally[ReadDifference] | Tally[VectorDifference] | Tally[Difference], ...]:
        return (self.reads, self.vectors, self.io_apic_reads, self.messages, self.others)
