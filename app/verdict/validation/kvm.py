"""KVM's paravirtual guest: SEND_IPI and the shared EOI bit, as their authors measured them."""

from collections.abc import Callable
from functools import lru_cache

from app.costs.sheet import load_cost_sheet
from app.verdict.benchmark_guests import BY_MASK_4_18, X2APIC_CLUSTER_4_18, X2APIC_PHYS_4_18, Driver
from app.verdict.benchmark_runs import PV, TRAPPED_X2APIC, Host, Load, cycles_a_round, interrupt_load
from app.verdict.validation.published import RATIO, Published, quotient

_SEND_IPI = "Linux commit 4180bf1b655a (2018): ipi_benchmark, 80 vCPUs on two Skylake of 2.5 GHz"
_EOI = "Linux commits ab9cf4996bb9 and ae7a2a3fb6f8 (M. Tsirkin, 2012)"
_CPUS = 80
#: The benchmark's figures are of 100,000 rounds, in seconds: so many microseconds a round.
_A_ROUND = 10.0


@lru_cache
def _broadcast(driver: Driver) -> float:
    host = Host(PV, load_cost_sheet("skylake-sp"), _CPUS, False, driver)
    return cycles_a_round(host, "broadcast_ipi") * host.microseconds


@lru_cache
def _unicast(driver: Driver) -> float:
    host = Host(PV, load_cost_sheet("skylake-sp"), 2, False, driver)
    return cycles_a_round(host, "normal_ipi") * host.microseconds


def _physical() -> float:
    return _broadcast(X2APIC_PHYS_4_18)


def _cluster() -> float:
    return _broadcast(X2APIC_CLUSTER_4_18)


def _pv() -> float:
    return _broadcast(BY_MASK_4_18)


_GUEST = "a KVM guest with PV EOI on an emulated x2APIC, targets halted, the sender waits for all"
_FAR = (
    "no line of memory travels in the model: each target's queue, IRR and wait queue must come to the sender's core, "
    "half of them from the other of two sockets. By KVM's default a halted vCPU polls for up to 200 µs before it "
    "sleeps, so most targets were probably awake"
)


def _broadcast_row(claim: str, seconds: float, run: Callable[[], float], by: str, experiment: str) -> Published:
    how = f"smp_call_function on {_CPUS} CPUs, {by}: {_GUEST}"
    return Published(claim, seconds * _A_ROUND, "µs", _SEND_IPI, how, run, _FAR, experiment)


_BESIDE_PHYSICAL = "SEND_IPI beside physical x2APIC, to 79"
_BESIDE_CLUSTER = "SEND_IPI beside cluster x2APIC, to 79"
_BROADCASTS = (
    _broadcast_row("broadcast to 79, physical x2APIC", 19.85, _physical, "one WRMSR per target", _BESIDE_PHYSICAL),
    _broadcast_row(
        "broadcast to 79, `kvm-pv`, measured beside physical", 7.81, _pv, "one SEND_IPI hypercall", _BESIDE_PHYSICAL
    ),
    Published(
        "broadcast to 79, `kvm-pv` to physical x2APIC",
        7.81 / 19.85,
        RATIO,
        _SEND_IPI,
        f"the quotient of those two: {_GUEST}",
        quotient(_pv, _physical),
        _FAR,
        _BESIDE_PHYSICAL,
    ),
    _broadcast_row(
        "broadcast to 79, cluster x2APIC", 9.28, _cluster, "one WRMSR for each cluster of 16", _BESIDE_CLUSTER
    ),
    _broadcast_row(
        "broadcast to 79, `kvm-pv`, measured beside cluster", 7.57, _pv, "one SEND_IPI hypercall", _BESIDE_CLUSTER
    ),
    Published(
        "broadcast to 79, `kvm-pv` to cluster x2APIC",
        7.57 / 9.28,
        RATIO,
        _SEND_IPI,
        f"the quotient of those two: {_GUEST}",
        quotient(_pv, _cluster),
        _FAR,
        _BESIDE_CLUSTER,
    ),
)


def _unicast_rows(mode: str, native: Driver, before: float, after: float) -> tuple[Published, Published]:
    """*before* and *after*: nanoseconds of 1,000 rounds there and back, without SEND_IPI and with it."""
    experiment = f"SEND_IPI beside {mode} x2APIC, to one and back"
    return (
        Published(
            f"IPI to one and back, {mode} x2APIC",
            before / 1e8,
            "µs",
            _SEND_IPI,
            "smp_call_function_single: a KVM guest with PV EOI, target halted, the sender waits",
            lambda: _unicast(native),
            _FAR,
            experiment,
        ),
        Published(
            f"IPI to one and back, `kvm-pv` to {mode} x2APIC",
            after / before,
            RATIO,
            _SEND_IPI,
            "the same with SEND_IPI for masks: a send to one CPU is none",
            quotient(lambda: _unicast(BY_MASK_4_18), lambda: _unicast(native)),
            _FAR,
            experiment,
        ),
    )


_UNICASTS = (
    *_unicast_rows("physical", X2APIC_PHYS_4_18, 255_421_709, 249_583_458),
    *_unicast_rows("cluster", X2APIC_CLUSTER_4_18, 251_301_666, 255_708_477),
)

#: APIC register traps a second without PV EOI: each ended an interrupt, so this is the load, and no claim.
_INTERRUPTS_A_SECOND = 22_124


@lru_cache
def _load(pv: bool) -> Load:
    definition = PV if pv else TRAPPED_X2APIC
    return interrupt_load(Host(definition, load_cost_sheet("skylake-sp"), 2, True), _INTERRUPTS_A_SECOND)


_LOAD = (
    f"{_INTERRUPTS_A_SECOND:,} edge interrupts a second at independent moments, into a guest that runs all the while"
)
_OTHER_EXITS = "the model's guest leaves for its interrupts alone; the measured one also for its devices and its clock"
_OTHER_EOIS = (
    "every interrupt of the model's device is edge-triggered and its EOI comes first in the handler, so that few meet "
    "another that waits; which others the measured guest had was not published"
)
_PV_EOI = "PV EOI under interrupt load"
_EOIS = (
    Published(
        "VM entries under interrupt load, without PV EOI",
        47_357,
        "a second",
        _EOI,
        _LOAD,
        lambda: _load(False).entries,
        _OTHER_EXITS,
        _PV_EOI,
    ),
    Published(
        "VM entries under interrupt load, with PV EOI",
        28_354,
        "a second",
        _EOI,
        _LOAD,
        lambda: _load(True).entries,
        _OTHER_EXITS,
        _PV_EOI,
    ),
    Published(
        "VM entries, PV EOI to none",
        28_354 / 47_357,
        RATIO,
        _EOI,
        _LOAD,
        quotient(lambda: _load(True).entries, lambda: _load(False).entries),
        _OTHER_EXITS,
        _PV_EOI,
    ),
    Published(
        "EOIs that still trap, with PV EOI",
        1_931,
        "a second",
        _EOI,
        _LOAD,
        lambda: _load(True).register_traps,
        _OTHER_EOIS,
        _PV_EOI,
    ),
)

KVM = (*_BROADCASTS, *_UNICASTS, *_EOIS)
