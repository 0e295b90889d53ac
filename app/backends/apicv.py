"""Hardware-virtualised APICs: the guest is untouched, and most accesses do not leave it.

Which ones, each feature decides; without it the access exits. Source: SDM vol. 3, "APIC Virtualization and Virtual
Interrupts", "Posted-Interrupt Processing", "IPI Virtualization"; kvm-unit-tests ``vmx_tests.c`` for what exits.
"""

from enum import Flag, auto

from app.backends import emulation
from app.backends.backend import BackendDefinition
from app.guest.apic_ops import Kernel
from app.guest.steps import (
    Acknowledge,
    Arriving,
    EmulatedRead,
    EmulatedWrite,
    GuestStep,
    Halt,
    HostWork,
    Load,
    Steps,
    Store,
    VirtualRead,
    VirtualWrite,
    VmExit,
)
from app.hw.cpu import Cpu
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode, decode_icr
from app.x86.register_map import REGISTERS
from app.x86.registers import Register
from app.x86.vectors import FIRST_LEGAL_VECTOR

_ACCESS, _WRITE = VmExit("APIC access"), VmExit("APIC write")
_EOI_INDUCED = VmExit("EOI-induced")
_EXTERNAL_INTERRUPT = VmExit("external interrupt")
_POSTED = HostWork("posted_delivery", "hardware takes the posted interrupt; the CPU stays in the guest")
_ON_PAGE, _EOI_PRICE, _IPI_PRICE = "virtual_apic_access", "virtual_eoi", "ipi_virtualization"

#: Writes that go to the virtual page first and exit behind it ("APIC-write VM exit").
_WRITES_THAT_EXIT_AFTERWARDS = frozenset(
    {
        Register.ID,
        Register.EOI,
        Register.LDR,
        Register.DFR,
        Register.SVR,
        Register.ESR,
        Register.ICR_LOW,
        Register.LVT_CMCI,
        Register.LVT_TIMER,
        Register.LVT_THERMAL,
        Register.LVT_PERFORMANCE,
        Register.LVT_LINT0,
        Register.LVT_LINT1,
        Register.LVT_ERROR,
        Register.TIMER_INITIAL_COUNT,
        Register.TIMER_DIVIDE,
    }
)


class ApicvFeature(Flag):
    """VM-execution controls. The APIC page is always watched ("virtualize APIC accesses")."""

    NONE = 0
    TPR_SHADOW = auto()
    REGISTER_VIRTUALIZATION = auto()
    VIRTUAL_INTERRUPT_DELIVERY = auto()
    POSTED_INTERRUPTS = auto()
    IPI_VIRTUALIZATION = auto()
    ALL = TPR_SHADOW | REGISTER_VIRTUALIZATION | VIRTUAL_INTERRUPT_DELIVERY | POSTED_INTERRUPTS | IPI_VIRTUALIZATION


#: Reasons for which a hypervisor does without all of it (Linux ``enum kvm_apicv_inhibit``).
INHIBIT_BASE_MOVED = "the APIC page was moved"
INHIBIT_ID_MODIFIED = "the APIC ID was rewritten"


def inhibit_reason(cpu: Cpu) -> str | None:
    """Why this CPU's accesses are emulated after all; None when hardware may serve them."""
    apic = cpu.apic
    if apic.apic_id != apic.initial_id:
        return INHIBIT_ID_MODIFIED
    return None if apic.base == emulation.RESET_BASE else INHIBIT_BASE_MOVED


class ApicvHypervisor:
    """A hypervisor that lets hardware answer what *features* cover."""

    def __init__(self, features: ApicvFeature) -> None:
        self.features = features

    def intercept(self, step: GuestStep, cpu: Cpu) -> Steps[int] | None:
        match step:
            case Load(register):
                return self._read(register, cpu)
            case Store(register, value):
                return self._write(register, value, cpu)
            case Halt():
                return emulation.halt()
            case _:
                return None

    def _read(self, register: int, cpu: Cpu) -> Steps[int]:
        covered = ApicvFeature.TPR_SHADOW if register == Register.TPR else ApicvFeature.REGISTER_VIRTUALIZATION
        known = register in REGISTERS and REGISTERS[register].xapic.readable
        # The timer counts down in the hypervisor, so its page cannot hold the count.
        if known and register != Register.TIMER_CURRENT_COUNT and self._has(covered, cpu):
            return (yield VirtualRead(register))
        yield _ACCESS
        value = yield EmulatedRead(register)
        yield emulation.ENTRY
        return value

    def _write(self, register: int, value: int, cpu: Cpu) -> Steps[int]:
        price = self._exitless(register, value, cpu)
        if price is not None:
            level = register == Register.EOI and (cpu.apic.isr.highest() or 0) in cpu.apic.tmr
            yield VirtualWrite(register, value, price)
            if level:  # the EOI-exit bitmap has it: the I/O APIC must hear of it
                yield _EOI_INDUCED
                yield emulation.ENTRY
            return 0
        afterwards = register in _WRITES_THAT_EXIT_AFTERWARDS and self._has(ApicvFeature.REGISTER_VIRTUALIZATION, cpu)
        yield _WRITE if afterwards else _ACCESS
        yield EmulatedWrite(register, value)
        yield emulation.ENTRY
        return 0

    def _exitless(self, register: int, value: int, cpu: Cpu) -> str | None:
        """The price of a write that hardware carries out alone; None when it exits."""
        features = ApicvFeature
        match register:
            case Register.TPR if self._has(features.TPR_SHADOW, cpu):
                return _ON_PAGE
            case Register.ICR_HIGH if self._has(features.REGISTER_VIRTUALIZATION, cpu):
                return _ON_PAGE
            case Register.EOI if self._has(features.VIRTUAL_INTERRUPT_DELIVERY, cpu):
                return _EOI_PRICE
            case Register.ICR_LOW:
                icr = decode_icr(cpu.apic.icr & ~0xFFFF_FFFF | value)
                if self._self_ipi(icr, cpu):
                    return _ON_PAGE
                return _IPI_PRICE if self._posts(icr, cpu) else None
            case _:
                return None

    def _self_ipi(self, icr: Icr, cpu: Cpu) -> bool:
        alone = icr.shorthand is Shorthand.SELF and _is_plain(icr)
        return alone and self._has(ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY, cpu)

    def _posts(self, icr: Icr, cpu: Cpu) -> bool:
        """IPI virtualisation posts to one physical APIC ID that is in its table."""
        one = icr.shorthand is Shorthand.NONE and icr.destination_mode is DestinationMode.PHYSICAL
        broadcast = icr.destination == emulation.XAPIC_BROADCAST
        return one and not broadcast and _is_plain(icr) and self._has(ApicvFeature.IPI_VIRTUALIZATION, cpu)

    def _has(self, feature: ApicvFeature, cpu: Cpu) -> bool:
        return bool(self.features & feature) and inhibit_reason(cpu) is None

    def deliver(self, halted: bool, arrival: Arriving, cpu: Cpu, kernel: Kernel) -> Steps[int]:
        """A posted interrupt needs no exit while the guest runs; a halted guest is entered anew. NMI and SMI are
        injected."""
        posted = isinstance(arrival, Acknowledge) and self._has(ApicvFeature.POSTED_INTERRUPTS, cpu)
        if not posted:
            return (yield from emulation.deliver(halted, arrival))
        if not halted:
            yield _POSTED
        vector = yield arrival
        if halted:
            yield emulation.ENTRY
        return vector


def _is_plain(icr: Icr) -> bool:
    """Fixed, edge, and a legal vector."""
    fixed = icr.delivery_mode is DeliveryMode.FIXED and icr.trigger_mode is TriggerMode.EDGE
    return fixed and icr.vector >= FIRST_LEGAL_VECTOR


def apicv(features: ApicvFeature, name: str = "apicv") -> BackendDefinition:
    """The back end with these features."""
    return BackendDefinition(
        name=name,
        title="native code; virtual-APIC page, posted interrupts, IPI virtualisation",
        hypervisor=ApicvHypervisor(features),
        never_in=(("linux-2.6.22", "processors virtualise APICs since 2012 only"),),
    )


APICV = apicv(ApicvFeature.ALL)
