"""Single bits, bit fields and sets of bits of a register value."""

from typing import Final, Literal

GP: Final = "#GP"
Fault = Literal["#GP"]


def bit(value: int, number: int) -> int:
    """Bit `number` of value, 0 or 1."""
    return (value >> number) & 1


def field(value: int, high: int, low: int) -> int:
    """Bits high:low of value, as the manual writes them."""
    return (value >> low) % (1 << (high - low + 1))


def ones(high: int, low: int) -> set[int]:
    """The bit numbers high:low."""
    return set(range(low, high + 1))


def keep(value: int, bits: set[int]) -> int:
    """Value with every bit that is not in `bits` cleared."""
    return sum(1 << number for number in bits if bit(value, number))


def with_bit(value: int, number: int, new: int) -> int:
    """Value with bit `number` set to `new`."""
    return value - (bit(value, number) << number) + (new << number)


def only_bits(value: int, bits: set[int]) -> bool:
    """Whether no bit outside `bits` is set."""
    return value == keep(value, bits)


def word_of(vectors: set[int], number: int) -> int:
    """The 32-bit register `number` (0..7) of a 256-bit set of vectors."""
    return sum(1 << (vector - 32 * number) for vector in vectors if 32 * number <= vector < 32 * number + 32)


def number_of(bits: set[int]) -> int:
    """The register value in which exactly these bits are set."""
    return sum(1 << number for number in bits)
