"""A set of interrupt vectors, as the 256-bit IRR, ISR and TMR registers hold it."""

from collections.abc import Iterator

from app.x86.units import Vector

#: Vectors 0-15 are illegal for fixed and lowest-priority delivery (SDM vol. 3, "Valid Interrupt Vectors").
FIRST_LEGAL_VECTOR = 16
VECTOR_COUNT = 256

#: Every vector with its unit: indexing costs less than a call.
VECTORS: tuple[Vector, ...] = tuple(map(Vector, range(VECTOR_COUNT)))
_MASKS = tuple(1 << vector for vector in range(VECTOR_COUNT))


def priority_class(vector: int) -> int:
    """The priority class of a vector, TPR or PPR: bits 7:4 ("Task and Processor Priorities")."""
    return vector >> 4


class VectorBitmap:
    """256 bits, one a vector. Kept as one Python integer: bit *v* is vector *v*.

    The 32-bit words that software reads ("Interrupt Acceptance for Fixed Interrupts") are cut out on demand.
    """

    __slots__ = ("bits",)

    def __init__(self, bits: int = 0) -> None:
        self.bits = bits

    def __contains__(self, vector: int) -> bool:
        return bool(self.bits & _MASKS[vector])

    def __iter__(self) -> Iterator[Vector]:
        """Vectors from the lowest priority to the highest."""
        rest = self.bits
        while rest:
            lowest = rest & -rest
            yield VECTORS[lowest.bit_length() - 1]
            rest ^= lowest

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VectorBitmap) and other.bits == self.bits

    __hash__ = None  # type: ignore[assignment]  # it changes, so it may not be a key

    def __repr__(self) -> str:
        return f"VectorBitmap({{{', '.join(f'{vector:#04x}' for vector in self)}}})"

    def set(self, vector: int) -> None:
        self.bits |= _MASKS[vector]

    def clear(self, vector: int) -> None:
        self.bits &= ~_MASKS[vector]

    def assign(self, vector: int, value: bool) -> None:
        if value:
            self.bits |= _MASKS[vector]
        else:
            self.bits &= ~_MASKS[vector]

    def highest(self) -> Vector | None:
        """The vector of the highest priority, or None when the set is empty."""
        return VECTORS[self.bits.bit_length() - 1] if self.bits else None

    def word(self, index: int) -> int:
        """The 32-bit register number *index* (0-7) of the eight that make up IRR, ISR or TMR."""
        return (self.bits >> (32 * index)) & 0xFFFF_FFFF

    def clear_all(self) -> None:
        self.bits = 0

    def hexadecimal(self) -> str:
        """64 hexadecimal digits: one 256-bit number whose bit *v* is vector *v*."""
        return f"{self.bits:064x}"
