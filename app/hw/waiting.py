"""What stands between a requested vector and its CPU: gate by gate, and the first closed one in words."""

from collections.abc import Iterator

from app.hw.cpu import Arrival, Cpu, RunState
from app.hw.event_channels import WORD_BITS, EventChannels
from app.hw.events import Reason
from app.hw.gates import (
    APIC_ON,
    AWAITED,
    FIRST,
    FLAG,
    MODE,
    NO_NMI,
    PORT_UNMASKED,
    PRIORITY,
    SELECTOR,
    SHADOW,
    SMM,
    STARTED,
    UPCALL_MASK,
    UPCALL_PENDING,
    Gate,
    first_closed,
)
from app.hw.local_apic import LocalApic
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import ApicMode
from app.x86.vectors import priority_class


def why_waiting(cpu: Cpu, vector: int) -> str:
    """What keeps *vector*, which is requested on *cpu*, from being taken: an APIC's vector, or a port by its number."""
    gate = first_closed(gates_at(cpu, vector))
    return gate.why if gate else taken_words(cpu)


def taken_words(cpu: Cpu) -> str:
    """What comes when no gate is closed."""
    return f"{'it is taken' if cpu.event_channels is None else 'the upcall comes'} at the next instruction boundary"


def gates_at(cpu: Cpu, vector: int) -> Iterator[Gate]:
    """The gates between the request for *vector* and *cpu*, in the order in which they are asked."""
    channels = cpu.event_channels
    if channels is None:
        yield apic_on(cpu.apic, closed=cpu.apic.blocked_while_disabled)
        yield _started(cpu)
        yield priority(cpu.apic, vector, cpu.apic.tpr)
    else:
        yield _started(cpu)
        yield from _port_gates(channels, vector)
    yield window(cpu, held_off=cpu.held_off)
    yield _shadow(cpu)
    yield _first(cpu, vector)


def apic_on(apic: LocalApic, *, closed: bool) -> Gate:
    """Whether an APIC is enabled. *closed* is whether a clear SVR bit 8 closes the gate."""
    if apic.mode is ApicMode.DISABLED:
        return Gate(APIC_ON, "IA32_APIC_BASE.EN = 0", Reason.APIC_DISABLED.value)
    return software_gate(apic, enabled=apic.software_enabled, closed=closed)


def software_gate(apic: LocalApic, *, enabled: bool, closed: bool) -> Gate:
    """As ``apic_on`` where the APIC is on in IA32_APIC_BASE, if SVR bit 8 said *enabled*."""
    value = f"{apic.mode.value}, SVR bit 8 = {int(enabled)}"
    return Gate(APIC_ON, value, Reason.SOFTWARE_DISABLED.value if closed and not enabled else "")


def _started(cpu: Cpu) -> Gate:
    if cpu.run_state is RunState.WAIT_FOR_SIPI:
        return Gate(STARTED, "reset by INIT", "the CPU waits for a start-up IPI")
    return Gate(STARTED, cpu.run_state.value)


def priority(apic: LocalApic, vector: int, tpr: int) -> Gate:
    """Whether *apic* would let *vector* through, priority alone considered, if its TPR were *tpr*. Strictly higher
    class than PPR wins, equal class waits."""
    own, ppr = priority_class(vector), apic.ppr_with(tpr)
    if own > priority_class(ppr):
        return Gate(PRIORITY, f"{own:x} > {priority_class(ppr):x}")
    in_service = apic.isr.highest()
    if in_service is not None and priority_class(in_service) > priority_class(tpr):
        cause = f"{in_service:#04x} is in service"
    else:
        cause = f"TPR is {tpr:#04x}"
    return Gate(
        PRIORITY, f"{own:x} ≤ {priority_class(ppr):x}", f"class {own:x} is not above PPR {ppr:#04x}, because {cause}"
    )


def window(cpu: Cpu, *, held_off: bool) -> Gate:
    """IF, or the word that stands for it, unless somebody holds interrupts off whatever it says."""
    if cpu.event_channels is None:
        kind, name, value = FLAG, "IF", int(cpu.interrupt_flag)
    else:
        kind, name, value = UPCALL_MASK, "evtchn_upcall_mask", int(not cpu.interrupt_flag)
    if held_off:
        itself = f"{'though' if cpu.interrupt_flag else 'and'} {name} is {value}"
        return Gate(kind, f"{value}, held off", f"interrupts are held off by hand, {itself}")
    if cpu.interrupt_flag:
        return Gate(kind, str(value))
    where = " in system-management mode" if cpu.in_smm else ""
    return Gate(kind, str(value), f"interrupts are off ({name} = {value}){where}")


def _shadow(cpu: Cpu) -> Gate:
    if cpu.interrupt_shadow:
        return Gate(SHADOW, "after STI", "STI lets interrupts in after the next instruction")
    return Gate(SHADOW, "none")


def _first(cpu: Cpu, vector: int) -> Gate:
    """A signal goes before every interrupt, an ExtINT before the APIC's, and of these the highest; of ports the
    lowest."""
    arrival = first_signal(cpu)
    if arrival is not None:
        return Gate(FIRST, arrival.value, f"{arrival.value} goes first")
    if cpu.external_requested():
        return Gate(FIRST, "ExtINT", "an ExtINT of the 8259 goes first")
    channels = cpu.event_channels
    if channels is None:
        before, what = cpu.apic.irr.highest(), ""
        ahead = before is not None and before > vector
    else:
        before, what = channels.deliverable(), "port "
        ahead = before is not None and before < vector
    if not ahead:
        return Gate(FIRST, "nothing")
    return Gate(FIRST, f"{before:#04x}", f"{what}{before:#04x} goes first")


def first_signal(cpu: Cpu) -> Arrival | None:
    """The signal that the CPU takes before any interrupt."""
    if cpu.in_smm or cpu.run_state is RunState.WAIT_FOR_SIPI:
        return None
    if cpu.smi_pending:
        return Arrival.SMI
    if cpu.init_pending:
        return Arrival.INIT
    return Arrival.NMI if cpu.nmi_pending and not cpu.nmi_running else None


def _port_gates(channels: EventChannels, port: int) -> Iterator[Gate]:
    """The shared words, as the hypervisor and the upcall look at them."""
    if port in channels.masked:
        yield Gate(PORT_UNMASKED, "mask bit 1", "its mask bit is set")
    else:
        yield Gate(PORT_UNMASKED, "mask bit 0")
    chosen = channels.selector >> port // WORD_BITS & 1
    yield Gate(SELECTOR, f"word {port // WORD_BITS}: {chosen}")
    yield Gate(UPCALL_PENDING, str(int(channels.upcall_pending)))


# Signals, which have no vector


def signal_gates(cpu: Cpu, mode: DeliveryMode) -> Iterator[Gate]:
    """The gates between a latched NMI, SMI, INIT, start-up IPI or ExtINT and *cpu*; of a reserved mode, which is none
    of these, the one that is closed."""
    if mode not in _ARRIVALS:
        yield reserved(mode)
        return
    match mode:
        case DeliveryMode.STARTUP:
            yield _awaited(cpu)
        case DeliveryMode.EXTINT:
            yield _started(cpu)
            yield window(cpu, held_off=cpu.held_off)
        case DeliveryMode.INIT:
            yield _no_smm(cpu)
        case _:
            yield _started(cpu)
            yield _no_smm(cpu)
            if mode is DeliveryMode.NMI:
                running = cpu.nmi_running
                yield Gate(
                    NO_NMI, "one is handled" if running else "none", "an NMI is being handled" if running else ""
                )
    yield _shadow(cpu)
    first = first_signal(cpu)
    ahead = first is not None and list(Arrival).index(first) < list(Arrival).index(_ARRIVALS[mode])
    yield Gate(FIRST, first.value, f"{first.value} goes first") if first and ahead else Gate(FIRST, "nothing")


def reserved(mode: DeliveryMode) -> Gate:
    """The gate that ends what comes by a delivery mode that is not for it."""
    return Gate(MODE, mode.name.lower(), Reason.RESERVED_DELIVERY_MODE.value)


_ARRIVALS = {
    DeliveryMode.SMI: Arrival.SMI,
    DeliveryMode.INIT: Arrival.INIT,
    DeliveryMode.STARTUP: Arrival.STARTUP,
    DeliveryMode.NMI: Arrival.NMI,
    DeliveryMode.EXTINT: Arrival.INTERRUPT,
}


def _no_smm(cpu: Cpu) -> Gate:
    if cpu.in_smm:
        return Gate(SMM, "in SMM", "the CPU is in system-management mode until RSM")
    return Gate(SMM, "not in SMM")


def _awaited(cpu: Cpu) -> Gate:
    reason = cpu.why_no_startup()
    return Gate(AWAITED, cpu.run_state.value, "" if reason is None else reason.value)
