"""Comparisons made by hand: small numbers whose pictures can be checked on paper."""

from app.costs.sheet import load_cost_sheet
from app.engine.work import Work
from app.measure.comparison import Bar, Comparison, Curve, Missing, Point, Row, Shares, Waterfall

_NO_EXITS = Work(10, 0, 0)


def row(backend: str, shares: Shares, work: Work = _NO_EXITS, latency: int | None = 900) -> Row:
    work += Work(cycles=shares.total)
    return Row(backend, "linux-6", (), (), work, shares, latency, native_cycles=1000)


NATIVE = row("native-x2apic", Shares(sends=600, eois=200, timer=0, rest=200))
TRAP = row("trap-emulate", Shares(sends=6000, eois=3000, timer=500, rest=500), Work(10, 10, 0), latency=9000)
COMPARISON = Comparison(
    workload="smp_call_function to 2 CPUs",
    cpus=3,
    sends=2,
    eois=4,
    sheet=load_cost_sheet("skylake-sp"),
    rows=(NATIVE, TRAP),
    missing=(Missing("vmi", "Linux 6 has no VMI"),),
    remarks=("Every virtual CPU has a CPU of its own.",),
)


def curve(backend: str, base: int, each: int, steps: tuple[tuple[int, str], ...] = ()) -> Curve:
    """A curve whose sender pays *base* and *each* for a target, and everybody twice that."""
    costs = {targets: base + each * targets for targets in range(1, 256)}
    points = tuple(Point(targets, cost, 2 * cost, 0, 0) for targets, cost in costs.items())
    return Curve(backend, points, steps)


CHEAP = curve("native-x2apic", 100, 0)
DEAR = curve("trap-emulate", 1000, 1000)
STEPPED = curve("kvm-pv", 500, 1, ((129, "a second hypercall: 128 APIC IDs a window"),))
NATIVE_IPI = Waterfall(
    "native-x2apic",
    (
        Bar(0, 100, 0, "guest", "WRMSR of ICR", "msr_write"),
        Bar(100, 50, None, "bus", "the message", "message_flight"),
        Bar(150, 250, 1, "guest", "through the gate", "interrupt_entry"),
    ),
)
TRAPPED_IPI = Waterfall(
    "trap-emulate",
    (
        Bar(0, 20, 0, "guest", "a store to ICR", "mmio_write"),
        Bar(20, 900, 0, "hypervisor", "out of the guest", "vm_exit"),
        Bar(920, 80, None, "bus", "the message", "message_flight"),
        Bar(1000, 1000, 1, "hypervisor", "into the guest", "inject"),
    ),
)
