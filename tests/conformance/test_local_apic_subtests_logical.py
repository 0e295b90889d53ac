"""A7: kvm-unit-tests, x86/apic.c, logical_ipi_xapic: whom a logical destination names in the flat and cluster model."""

from collections.abc import Iterator
from itertools import combinations

import pytest

from app.hw.machine import Machine
from app.x86.icr import DestinationMode, Icr
from app.x86.registers import Register
from tests.conformance.software import booted, run_everywhere, send, write

FLAT, CLUSTER = 0xFFFF_FFFF, 0x0FFF_FFFF
BROADCAST = 0xFF


def machine_in(model: int) -> Machine:
    machine = booted(2)
    for cpu in range(2):
        write(machine, cpu, Register.DFR, model)
    return machine


def arrivals(machine: Machine, logical_ids: tuple[int, int], destination: int) -> list[int]:
    """How many interrupts each CPU gets when CPU 0 sends one to *destination*."""
    for cpu, logical_id in enumerate(logical_ids):
        write(machine, cpu, Register.LDR, logical_id << 24)
    send(machine, 0, Icr(0xF1, destination_mode=DestinationMode.LOGICAL, destination=destination))
    return [len(taken) for taken in run_everywhere(machine)]


def with_other_bits(bit: int, width: int) -> Iterator[int]:
    """Every mask of *width* bits that has *bit*."""
    return (mask for mask in range(1 << width) if mask & bit)


def test_a07_logical_ipi_flat_reaches_one_target_whatever_other_bits_are_set() -> None:
    machine = machine_in(FLAT)
    for bit in (1 << number for number in range(8)):
        for destination in with_other_bits(bit, 8):
            if destination != BROADCAST:
                assert arrivals(machine, (0, bit), destination) == [0, 1]


def test_a07_logical_ipi_flat_misses_a_target_without_a_common_bit() -> None:
    machine = machine_in(FLAT)
    for bit in (1 << number for number in range(8)):
        assert arrivals(machine, (0, bit), BROADCAST & ~bit) == [0, 0]


def test_a07_logical_ipi_flat_reaches_two_targets() -> None:
    machine = machine_in(FLAT)
    for one, other in combinations([1 << number for number in range(8)], 2):
        assert arrivals(machine, (one, other), one | other) == [1, 1]
        assert arrivals(machine, (one | other, one | other), one | other) == [1, 1]


@pytest.mark.parametrize("cluster", range(15))
def test_a07_logical_ipi_cluster_reaches_one_target(cluster: int) -> None:
    machine = machine_in(CLUSTER)
    for bit in (1 << number for number in range(4)):
        for members in with_other_bits(bit, 4):
            assert arrivals(machine, (0, cluster << 4 | bit), cluster << 4 | members) == [0, 1]


@pytest.mark.parametrize("cluster", range(15))
def test_a07_logical_ipi_cluster_reaches_two_targets(cluster: int) -> None:
    machine = machine_in(CLUSTER)
    for one, other in combinations([1 << number for number in range(4)], 2):
        both = cluster << 4 | one | other
        assert arrivals(machine, (cluster << 4 | one, cluster << 4 | other), both) == [1, 1]
        assert arrivals(machine, (both, both), both) == [1, 1]


def test_a07_logical_ipi_cluster_misses_other_clusters() -> None:
    machine = machine_in(CLUSTER)
    for cluster in range(1, 15):
        assert arrivals(machine, (0, cluster << 4 | 1), (cluster - 1) << 4 | 1) == [0, 0]
