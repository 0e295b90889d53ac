"""Single IPIs on Intel's processors: ISCA 2016, kvm-unit-tests, IPI virtualisation."""

from collections.abc import Callable
from functools import lru_cache

from app.backends.backend import BackendDefinition
from app.costs.sheet import CostSheet, load_cost_sheet
from app.verdict.benchmark_runs import (
    APICV_X2APIC,
    APICV_XAPIC,
    IPIV_X2APIC,
    IPIV_XAPIC,
    TRAPPED_X2APIC,
    TRAPPED_XAPIC,
    Host,
    cycles_a_round,
    cycles_one_way,
)
from app.verdict.validation.published import RATIO, Published, quotient
from app.x86.model_specific_registers import ApicMode

# Virtual IPI, ISCA 2016: the sheet is made of other rows of the same table.

_ISCA = (
    'Dall et al., "ARM Virtualization: Performance and Architectural Implications", ISCA 2016, Table II (recalled), '
    "Xeon E5-2450"
)
_CORE_2_EXIT, _CORE_2_ROUND_TRIP = 1186, 2123


def _e5_2450(hypercall: int, eoi: int, trap: int) -> CostSheet:
    """Null hypercall, EOI exit and interrupt-controller trap of the table; the rest as on Skylake-SP."""
    leaving = round(hypercall * _CORE_2_EXIT / _CORE_2_ROUND_TRIP)
    world_switch = {"vm_exit": leaving, "hypercall": leaving, "vm_entry": hypercall - leaving}
    shares = {"emulate_write": eoi - hypercall, "emulate_read": eoi - hypercall, "decode": trap - eoi}
    return load_cost_sheet("skylake-sp").with_values({**world_switch, **shares})


_KVM, _XEN = (1300, 1556, 2384), (1228, 1464, 1734)
_BOTH_RUN = (
    "send to a CPU that polls, until it has answered, every access trapped. Prices: null hypercall, EOI exit and "
    "register trap of the same table, the rest of skylake-sp"
)
_ISCA_WHY = (
    "the mode of the paper's guest is not known here; in xAPIC mode the test's send is three traps, one with x2APIC"
)


def _virtual_ipi(who: str, cycles: int, table: tuple[int, int, int], definition: BackendDefinition) -> Published:
    mode = "x2APIC" if definition.apic_mode is ApicMode.X2APIC else "xAPIC"
    host = Host(definition, _e5_2450(*table), 2, True)
    claim = f"virtual IPI, {who}, if the guest used {mode}"
    return Published(
        claim,
        cycles,
        "cycles",
        _ISCA,
        _BOTH_RUN,
        lambda: cycles_a_round(host, "on_cpu"),
        _ISCA_WHY,
        f"virtual IPI, {who}",
    )


_ISCA_ROWS = (
    _virtual_ipi("KVM", 5230, _KVM, TRAPPED_XAPIC),
    _virtual_ipi("KVM", 5230, _KVM, TRAPPED_X2APIC),
    _virtual_ipi("Xen HVM", 5562, _XEN, TRAPPED_XAPIC),
    _virtual_ipi("Xen HVM", 5562, _XEN, TRAPPED_X2APIC),
)

# kvm-unit-tests

_UNIT_TEST = "kvm-unit-tests ipi, Skylake-SP (Wanpeng Li, LKML, April 2020; Linux 1e9e2622a149, a9ab13ff6e)"
_ON_CPU = "on_cpu: flag cleared, ICR written, target's handler sets the flag, sender sees it"


@lru_cache
def _on_cpu(definition: BackendDefinition, sheet: str, polling: bool) -> float:
    return cycles_a_round(Host(definition, load_cost_sheet(sheet), 2, polling), "on_cpu")


def _skylake() -> float:
    return _on_cpu(APICV_X2APIC, "skylake-sp", False)


_PLAIN_WHY = (
    "KVM then left its innermost loop for such an exit; the sheet's 256 cycles for the write are those of the shortest "
    "exit there is, an EOI's"
)
_SKYLAKE_ROWS = tuple(
    Published(
        f"`ipi`, Skylake-SP, {variant}",
        figure,
        "cycles",
        _UNIT_TEST,
        f"{_ON_CPU}. x2APIC with APICv, target halted. The model has one way for a sending exit, whatever KVM's was",
        _skylake,
        _PLAIN_WHY,
        "`ipi`, Skylake-SP",
    )
    for variant, figure in (
        ("plain", 4238),
        ("ICR fast path", 3543),
        ("early fast path", 3293),
        ("fast path, other order", 3203),
    )
)

# IPI virtualisation

_IPIV = "Zeng Guang, IPI virtualisation for VM, v7 (May 2022): Sapphire Rapids at base clock, CPUs idle in a loop"
_SAPPHIRE = "sapphire-rapids"
_IPIV_WHY = (
    "even where nothing exits, 3,645 cycles were measured, and a posted interrupt's whole way took 1,993 elsewhere "
    "(Shinjuku, NSDI 2019): most of what is missing lies in that machine, not in what a back end decides"
)


def _ipiv_rows(
    mode: str, without: BackendDefinition, having: BackendDefinition, figures: tuple[int, int]
) -> tuple[Published, ...]:
    def before() -> float:
        return _on_cpu(without, _SAPPHIRE, True)

    def after() -> float:
        return _on_cpu(having, _SAPPHIRE, True)

    how = f"{_ON_CPU}. {mode} with APICv, target polls"
    first, second = figures
    experiment = f"`ipi`, {mode}, IPI virtualisation"
    return (
        Published(f"`ipi`, {mode}, IPIs not virtualised", first, "cycles", _IPIV, how, before, _IPIV_WHY, experiment),
        Published(f"`ipi`, {mode}, IPIs virtualised", second, "cycles", _IPIV, how, after, _IPIV_WHY, experiment),
        Published(
            f"`ipi`, {mode}, virtualised to not",
            second / first,
            RATIO,
            _IPIV,
            how,
            quotient(after, before),
            _IPIV_WHY,
            experiment,
        ),
    )


# ipi_benchmark, "Normal IPI": its first column is stamped by the function on the target, its second by the sender when
# that has answered


def _host(definition: BackendDefinition) -> Host:
    return Host(definition, load_cost_sheet(_SAPPHIRE), 2, True)


@lru_cache
def _one_way(definition: BackendDefinition) -> float:
    return cycles_one_way(_host(definition), "normal_ipi") * _host(definition).microseconds


@lru_cache
def _and_back(definition: BackendDefinition) -> float:
    return cycles_a_round(_host(definition), "normal_ipi") * _host(definition).microseconds


_MICRO = "x2APIC with physical destinations and APICv, target polls, the sender waits"
_WAYS = (
    ("one way", _one_way, (1.45944306, 1.31742993), "from the send to the function's beginning on the target"),
    ("and back", _and_back, (1.746, 1.733), "from the send until the target has answered; one run was published"),
)


def _micro_rows(
    way: str, run: Callable[[BackendDefinition], float], figures: tuple[float, float], what: str
) -> tuple[Published, ...]:
    def before() -> float:
        return run(APICV_X2APIC)

    def after() -> float:
        return run(IPIV_X2APIC)

    how = f"smp_call_function_single, {what}: {_MICRO}"
    experiment = f"IPI to one {way}, IPI virtualisation"
    first, second = figures
    claim = f"IPI to one, {way}"
    return (
        Published(f"{claim}, IPIs not virtualised", first, "µs", _IPIV, how, before, _IPIV_WHY, experiment),
        Published(f"{claim}, IPIs virtualised", second, "µs", _IPIV, how, after, _IPIV_WHY, experiment),
        Published(
            f"{claim}, virtualised to not",
            second / first,
            RATIO,
            _IPIV,
            how,
            quotient(after, before),
            _IPIV_WHY,
            experiment,
        ),
    )


INTEL = (
    *_ISCA_ROWS,
    *_SKYLAKE_ROWS,
    *_ipiv_rows("xAPIC", APICV_XAPIC, IPIV_XAPIC, (6059, 4713)),
    *_ipiv_rows("x2APIC", APICV_X2APIC, IPIV_X2APIC, (4338, 3645)),
    *(row for way in _WAYS for row in _micro_rows(*way)),
)
