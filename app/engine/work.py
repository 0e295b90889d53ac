"""What a piece of work came to."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(slots=True)
class Work:
    """How often the APIC was reached for and the guest was left, ``hypercalls`` among the ``exits``, and the TSC cycles
    of all steps. A value: what adds up makes a new one."""

    STATE: ClassVar[tuple[str, ...]] = ("accesses", "exits", "hypercalls", "cycles")
    WIRES: ClassVar[tuple[str, ...]] = ()

    accesses: int = 0
    exits: int = 0
    hypercalls: int = 0
    cycles: int = 0

    def __add__(self, other: "Work") -> "Work":
        return Work(
            self.accesses + other.accesses,
            self.exits + other.exits,
            self.hypercalls + other.hypercalls,
            self.cycles + other.cycles,
        )

    def __sub__(self, other: "Work") -> "Work":
        return Work(
            self.accesses - other.accesses,
            self.exits - other.exits,
            self.hypercalls - other.hypercalls,
            self.cycles - other.cycles,
        )

    def times(self, count: int) -> "Work":
        """The same so often."""
        return Work(self.accesses * count, self.exits * count, self.hypercalls * count, self.cycles * count)

    def as_dict(self) -> dict[str, int]:
        """Numbers by their names."""
        return {
            "accesses": self.accesses,
            "exits": self.exits,
            "hypercalls": self.hypercalls,
            "cycles": self.cycles,
        }
