"""Sets of CPUs as a kernel has them: a number with one bit for each."""

from collections.abc import Iterator


def cpus_of(mask: int) -> Iterator[int]:
    """``for_each_cpu``: the CPUs of *mask*, in order."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
