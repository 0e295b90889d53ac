"""AVIC on AMD's processors: ahead for one target, behind for 179."""

from functools import lru_cache

from app.backends.backend import BackendDefinition
from app.costs.sheet import load_cost_sheet
from app.verdict.benchmark_guests import ONE_BY_MASK, Driver
from app.verdict.benchmark_runs import IPIV_XAPIC, PV, TRAPPED_X2APIC, TRAPPED_XAPIC, Host, cycles_a_round
from app.verdict.validation.published import RATIO, Published, quotient

_UNICAST_SOURCE = "Kele Huang, LKML, 8 November 2021: EPYC 7742, 2 vCPUs pinned, idle=poll"
_BROADCAST_SOURCE = "Wanpeng Li, LKML, 11 August 2020: 180 vCPUs on two Rome"
_CPUS = 180
#: Seconds for 100,000 rounds, so many microseconds for one.
_A_ROUND = 10.0


@lru_cache
def _unicast(definition: BackendDefinition, driver: Driver = ()) -> float:
    host = Host(definition, load_cost_sheet("amd-zen3"), 2, True, driver)
    return cycles_a_round(host, "normal_ipi") * host.microseconds * 1000


def _avic() -> float:
    return _unicast(IPIV_XAPIC)


def _pv() -> float:
    return _unicast(PV, ONE_BY_MASK)


@lru_cache
def _broadcast(definition: BackendDefinition) -> float:
    host = Host(definition, load_cost_sheet("amd-zen3"), _CPUS, True)  # HLT does not exit: to KVM all targets run
    return cycles_a_round(host, "broadcast_ipi") * host.microseconds


_ONE = "smp_call_function_single, target polls, the sender waits; prices of Zen 3 for a Zen 2"
_ONE_WHY = "AVIC's prices are assumed to be Intel's"
_ALL = f"smp_call_function on {_CPUS} CPUs by shorthand, targets in guest mode, the sender waits for all"
_FAR = (
    "no line of memory travels in the model: all 179 targets are in guest mode (HLT does not exit there) and must be "
    "kicked out of it, each over lines that another core holds, half of them on the other of two sockets"
)
_AVIC_WHY = (
    "the model's hardware is Intel's, where one exit posts to all; AVIC has no such exit, and its microcode takes "
    "about 1.07 µs per target that runs"
)


def _broadcast_row(claim: str, seconds: float, definition: BackendDefinition, why_not: str) -> Published:
    return Published(
        claim, seconds * _A_ROUND, "µs", _BROADCAST_SOURCE, _ALL, lambda: _broadcast(definition), why_not, _TO_179
    )


_TO_ONE, _TO_179 = "AVIC beside SEND_IPI, to one", "AVIC beside trapped, to 179"
AMD = (
    Published(
        "IPI to one, AVIC",
        1390,
        "ns",
        _UNICAST_SOURCE,
        f"{_ONE}; AVIC as IPI virtualisation",
        _avic,
        _ONE_WHY,
        _TO_ONE,
    ),
    Published(
        "IPI to one, `kvm-pv`",
        1860,
        "ns",
        _UNICAST_SOURCE,
        f"{_ONE}; an xAPIC guest, whose driver sends to one by mask too: SEND_IPI",
        _pv,
        _ONE_WHY,
        _TO_ONE,
    ),
    Published(
        "IPI to one, AVIC to `kvm-pv`",
        1390 / 1860,
        RATIO,
        _UNICAST_SOURCE,
        _ONE,
        quotient(_avic, _pv),
        _ONE_WHY,
        _TO_ONE,
    ),
    _broadcast_row("broadcast to 179, xAPIC trapped", 12.3, TRAPPED_XAPIC, _FAR),
    _broadcast_row("broadcast to 179, AVIC", 19.1, IPIV_XAPIC, _AVIC_WHY),
    Published(
        "broadcast to 179, AVIC to xAPIC trapped",
        19.1 / 12.3,
        RATIO,
        _BROADCAST_SOURCE,
        _ALL,
        quotient(lambda: _broadcast(IPIV_XAPIC), lambda: _broadcast(TRAPPED_XAPIC)),
        _AVIC_WHY,
        _TO_179,
    ),
    _broadcast_row("broadcast to 179, x2APIC trapped", 13.1, TRAPPED_X2APIC, _FAR),
)
