"""Hardware-virtualised APICs: the guest is untouched, and most accesses do not leave it.

Which ones, each feature decides; without it the access exits. Source: SDM vol. 3, "APIC Virtualization and Virtual
Interrupts", "Posted-Interrupt Processing", "IPI Virtualization"; kvm-unit-tests ``vmx_tests.c`` for what exits.
"""

from enum import Flag, auto

from app.backends import emulation
from app.backends.backend import BackendDefinition, Feature, Found, Mark
from app.guest.apic_ops import KernelState
from app.guest.asks import READ_ENDS_LEVEL, READ_ICR, READ_SERVED
from app.guest.steps import (
    Acknowledge,
    Arriving,
    Dereference,
    EmulatedRead,
    GuestStep,
    Halt,
    HostWork,
    Load,
    ReadMsr,
    Steps,
    Store,
    VirtualRead,
    VirtualWrite,
    VmExit,
    WriteMsr,
)
from app.hw.cpu import Arrival, Cpu
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode, decode_icr
from app.x86.model_specific_registers import X2APIC_MSRS, ApicMode, x2apic_offset
from app.x86.registers import Register
from app.x86.vectors import FIRST_LEGAL_VECTOR

_ACCESS, _WRITE = VmExit("APIC access"), VmExit("APIC write")
_EOI_INDUCED = VmExit("EOI-induced")
_POSTED = HostWork("posted_delivery", "hardware takes the posted interrupt; the CPU stays in the guest")
_POST = HostWork(
    "post_interrupt", "posts the vector in a target's descriptor and notifies its CPU", reaches_target=True
)
_VIRTUAL_IPI = HostWork(
    "ipi_virtualization", "hardware finds the target in its table and posts the vector itself", reaches_target=True
)
_ON_PAGE, _EOI_PRICE = "virtual_apic_access", "virtual_eoi"

_TABLES = (Register.ISR0, Register.TMR0, Register.IRR0)
#: Registers that a load finds on the virtual page, with register virtualisation ("Virtualizing Reads from the
#: APIC-Access Page"). Not among them: the timer's count, which goes on, and the priorities APR and PPR.
_ON_VIRTUAL_PAGE = frozenset(
    {
        *(Register.ID, Register.VERSION, Register.TPR, Register.EOI, Register.LDR, Register.DFR, Register.SVR),
        *(first + 0x10 * word for first in _TABLES for word in range(8)),
        *(Register.ESR, Register.ICR_LOW, Register.ICR_HIGH, Register.LVT_TIMER, Register.LVT_THERMAL),
        *(Register.LVT_PERFORMANCE, Register.LVT_LINT0, Register.LVT_LINT1, Register.LVT_ERROR),
        *(Register.TIMER_INITIAL_COUNT, Register.TIMER_DIVIDE),
    }
)
#: Of these, the ones that a store does not reach: it exits before it is done ("APIC access").
_NOT_WRITTEN = {Register.VERSION, *(first + 0x10 * word for first in _TABLES for word in range(8))}
#: Stores that go to the virtual page first and exit behind it ("APIC-write VM exit").
_WRITES_THAT_EXIT_AFTERWARDS = _ON_VIRTUAL_PAGE - _NOT_WRITTEN - {Register.TPR, Register.ICR_HIGH}
#: Registers that virtual-interrupt delivery handles by itself, register virtualisation or not.
_DELIVERY_REGISTERS = (Register.EOI, Register.ICR_LOW)


class ApicvFeature(Flag):
    """VM-execution controls. Without X2APIC_MODE the APIC page is watched ("virtualize APIC accesses")."""

    NONE = 0
    TPR_SHADOW = auto()
    REGISTER_VIRTUALIZATION = auto()
    VIRTUAL_INTERRUPT_DELIVERY = auto()
    POSTED_INTERRUPTS = auto()
    IPI_VIRTUALIZATION = auto()
    #: "Virtualize x2APIC mode": the guest's APIC is reached by MSRs.
    X2APIC_MODE = auto()
    ALL = TPR_SHADOW | REGISTER_VIRTUALIZATION | VIRTUAL_INTERRUPT_DELIVERY | POSTED_INTERRUPTS | IPI_VIRTUALIZATION


#: The entries of a cost sheet by which each feature's steps are priced.
_FEATURE_ENTRIES: dict[ApicvFeature, tuple[str, ...]] = {
    ApicvFeature.TPR_SHADOW: (_ON_PAGE,),
    ApicvFeature.REGISTER_VIRTUALIZATION: (_ON_PAGE,),
    ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY: (_EOI_PRICE,),
    ApicvFeature.POSTED_INTERRUPTS: (_POSTED.price, _POST.price),
    ApicvFeature.IPI_VIRTUALIZATION: (_VIRTUAL_IPI.price,),
    ApicvFeature.X2APIC_MODE: (),
}

#: What each control cannot do without ("VM-Execution Control Fields", the checks at VM entry).
_NEEDS = {
    ApicvFeature.REGISTER_VIRTUALIZATION: ApicvFeature.TPR_SHADOW,
    ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY: ApicvFeature.TPR_SHADOW,
    ApicvFeature.POSTED_INTERRUPTS: ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY,
    ApicvFeature.IPI_VIRTUALIZATION: ApicvFeature.TPR_SHADOW,
    ApicvFeature.X2APIC_MODE: ApicvFeature.TPR_SHADOW,
}


def entry_failure(features: ApicvFeature) -> str | None:
    """Why VM entry fails with *features*; None when it does not."""
    for control, needed in _NEEDS.items():
        if control in features and needed not in features:
            return f"VM entry fails: {_name(control)} needs {_name(needed)}"
    return None


def _name(feature: ApicvFeature) -> str:
    return str(feature.name).lower().replace("_", " ")


#: Reasons for which a hypervisor does without all of it (Linux ``enum kvm_apicv_inhibit``).
INHIBIT_BASE_MOVED = "the APIC page was moved"
INHIBIT_ID_MODIFIED = "the APIC ID was rewritten"
INHIBIT_REASONS = (INHIBIT_ID_MODIFIED, INHIBIT_BASE_MOVED)


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
            case Load(register) | Dereference(register):
                return self._read(register)
            case Store(register, value):
                return self._write(register, value)
            case ReadMsr(msr):
                return self._read_msr(msr)
            case WriteMsr(msr, value):
                return self._write_msr(msr, value)
            case Halt():
                return emulation.halt()
            case _:
                return None

    def _read(self, register: int) -> Steps[int]:
        covered = ApicvFeature.TPR_SHADOW if register == Register.TPR else ApicvFeature.REGISTER_VIRTUALIZATION
        if register in _ON_VIRTUAL_PAGE and covered in (yield from self._serving()):
            return (yield VirtualRead(register))
        yield _ACCESS
        value = yield EmulatedRead(register)
        yield emulation.ENTRY
        return value

    def _write(self, register: int, value: int) -> Steps[int]:
        features = ApicvFeature
        serving = yield from self._serving()
        if register == Register.ICR_HIGH and features.REGISTER_VIRTUALIZATION in serving:
            yield VirtualWrite(register, value, _ON_PAGE)
            return 0
        command = decode_icr((yield READ_ICR) & ~0xFFFF_FFFF | value) if register == Register.ICR_LOW else None
        if (yield from self._by_hardware(register, value, command, serving, by_page=True)):
            return 0
        virtual = features.REGISTER_VIRTUALIZATION in serving and register in _WRITES_THAT_EXIT_AFTERWARDS
        virtual |= features.VIRTUAL_INTERRUPT_DELIVERY in serving and register in _DELIVERY_REGISTERS
        virtual |= features.IPI_VIRTUALIZATION in serving and register == Register.ICR_LOW
        yield _WRITE if virtual else _ACCESS
        yield from emulation.emulated_write(register, value, self._notify, by_page=True)
        yield emulation.ENTRY
        return 0

    def _read_msr(self, msr: int) -> Steps[int] | None:
        """With register virtualisation the page answers every RDMSR but the timer's count, for which KVM leaves its
        bit in the MSR bitmap (``vmx_update_msr_bitmap_x2apic``)."""
        register = x2apic_offset(msr)
        needed = ApicvFeature.TPR_SHADOW if register == Register.TPR else ApicvFeature.REGISTER_VIRTUALIZATION
        covered = msr in X2APIC_MSRS and register != Register.TIMER_CURRENT_COUNT
        if covered and self.features & needed and self.features & ApicvFeature.X2APIC_MODE:
            return self._virtual_read(register)
        return emulation.trapped_msr_access(f"RDMSR {msr:#x}", register, None) if msr in X2APIC_MSRS else None

    def _virtual_read(self, register: int) -> Steps[int]:
        return (yield VirtualRead(register, by_page=False))

    def _write_msr(self, msr: int, value: int) -> Steps[int]:
        register = x2apic_offset(msr)
        reason = f"WRMSR {msr:#x}"
        if msr in X2APIC_MSRS and self.features & ApicvFeature.X2APIC_MODE:
            serving = yield from self._serving()
            command = decode_icr(value, x2apic=True) if register == Register.ICR_LOW else None
            if (yield from self._by_hardware(register, value, command, serving, by_page=False)):
                return 0
            virtual = register == Register.SELF_IPI and ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY in serving
            virtual |= register == Register.ICR_LOW and ApicvFeature.IPI_VIRTUALIZATION in serving
            reason = _WRITE.reason if virtual else reason
        return (yield from emulation.trapped_msr_write(reason, msr, value, self._notify))

    def _by_hardware(
        self, register: int, value: int, command: Icr | None, serving: ApicvFeature, *, by_page: bool
    ) -> Steps[bool]:
        """A write that hardware carries out alone, by the features that are *serving*; *command* is what a write of ICR
        makes of it. False, and nothing done, when it exits."""
        features = ApicvFeature
        match register:
            case Register.TPR if features.TPR_SHADOW in serving:
                yield VirtualWrite(register, value, _ON_PAGE, by_page)
            case Register.EOI if features.VIRTUAL_INTERRUPT_DELIVERY in serving:
                ends_level = yield READ_ENDS_LEVEL
                yield VirtualWrite(register, value, _EOI_PRICE, by_page)
                if ends_level:  # the EOI-exit bitmap has it: the I/O APIC must hear of it
                    yield _EOI_INDUCED
                    yield emulation.ENTRY
            case Register.SELF_IPI if not by_page and _has_self_ipi(value, serving):  # the page has no such register
                yield VirtualWrite(register, value, _ON_PAGE, by_page)
            case Register.ICR_LOW if command is not None and self._self_ipi(command, serving):
                yield VirtualWrite(register, value, _ON_PAGE, by_page)
            case Register.ICR_LOW if command is not None and self._posts(command, serving):
                targets = yield VirtualWrite(register, value, _ON_PAGE, by_page, then_reaches=True)
                for _ in range(max(1, targets or 0)):  # two APICs with one ID are two
                    yield _VIRTUAL_IPI
            case _:
                return False
        return True

    @property
    def _notify(self) -> HostWork:
        """What the hypervisor does for each target of a send that has exited."""
        return _POST if self.features & ApicvFeature.POSTED_INTERRUPTS else emulation.NOTIFY

    def _self_ipi(self, icr: Icr, serving: ApicvFeature) -> bool:
        """By the page only: in x2APIC mode there is the SELF IPI register for it."""
        alone = icr.shorthand is Shorthand.SELF and _is_plain(icr) and not self.features & ApicvFeature.X2APIC_MODE
        return alone and ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY in serving

    def _posts(self, icr: Icr, serving: ApicvFeature) -> bool:
        """IPI virtualisation posts to one physical APIC ID that is in its table."""
        one = icr.shorthand is Shorthand.NONE and icr.destination_mode is DestinationMode.PHYSICAL
        by_msr = bool(self.features & ApicvFeature.X2APIC_MODE)
        broadcast = icr.destination == (emulation.X2APIC_BROADCAST if by_msr else emulation.XAPIC_BROADCAST)
        return one and not broadcast and _is_plain(icr) and ApicvFeature.IPI_VIRTUALIZATION in serving

    def _serving(self) -> Steps[ApicvFeature]:
        """The features that serve the CPU as it is now: all or none."""
        return self.features if (yield READ_SERVED) else ApicvFeature.NONE

    def deliver(self, found: Found, arrival: Arriving, cpu: Cpu, kernel: KernelState) -> Steps[int]:
        """A posted interrupt needs no exit while the guest runs; a halted guest is entered anew. What the guest did not
        let in yet, virtual-interrupt delivery has from the entry on. NMI and SMI are injected."""
        serving = (yield from self._serving()) if isinstance(arrival, Acknowledge) else ApicvFeature.NONE
        if ApicvFeature.POSTED_INTERRUPTS in serving:
            return (yield from self._deliver_posted(found, arrival))
        if found is Found.AT_WINDOW and ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY in serving:
            return (yield arrival)
        return (yield from emulation.deliver(found, arrival))

    def _deliver_posted(self, found: Found, arrival: Arriving) -> Steps[int]:
        if found is not Found.OUTSIDE:
            yield _POSTED
        vector = yield arrival
        if found is Found.OUTSIDE:
            yield emulation.ENTRY
        return vector

    def kick(self, arrival: Arrival, cpu: Cpu) -> Steps[None]:
        """Hardware takes a posted interrupt's notification in the guest, whatever IF says."""
        if arrival is not Arrival.INTERRUPT or ApicvFeature.POSTED_INTERRUPTS not in (yield from self._serving()):
            yield from emulation.kick()


def _has_self_ipi(vector: int, serving: ApicvFeature) -> bool:
    return vector >= FIRST_LEGAL_VECTOR and ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY in serving


def _is_plain(icr: Icr) -> bool:
    """Fixed, edge, and a legal vector."""
    fixed = icr.delivery_mode is DeliveryMode.FIXED and icr.trigger_mode is TriggerMode.EDGE
    return fixed and icr.vector >= FIRST_LEGAL_VECTOR


def _entries(features: ApicvFeature) -> frozenset[str]:
    """The entries of a cost sheet that *features* are priced by. Whoever posts interrupts sends by nothing else."""
    posts = ApicvFeature.POSTED_INTERRUPTS in features
    emulated = emulation.ENTRIES - {emulation.NOTIFY.price} if posts else emulation.ENTRIES
    return emulated.union(*(_FEATURE_ENTRIES[feature] for feature in features))


_FEATURES = {
    ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY: Feature(
        _EOI_PRICE, "virtual-interrupt delivery", "EOIs of edge-triggered interrupts"
    ),
    ApicvFeature.POSTED_INTERRUPTS: Feature(
        _POSTED.price, "posted interrupts", "interrupts to a CPU that runs a guest"
    ),
    ApicvFeature.IPI_VIRTUALIZATION: Feature(
        _VIRTUAL_IPI.price, "IPI virtualisation", "fixed, edge-triggered sends to one physical APIC ID"
    ),
}
_WORDS = {
    ApicvFeature.TPR_SHADOW: "virtual-APIC page",
    ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY: "virtual-interrupt delivery",
    ApicvFeature.POSTED_INTERRUPTS: "posted interrupts",
    ApicvFeature.IPI_VIRTUALIZATION: "IPI virtualisation",
}


def apicv(features: ApicvFeature, name: str = "apicv", lesser: BackendDefinition | None = None) -> BackendDefinition:
    """The back end with these features; *lesser* stands for it by a sheet without their entries. ValueError says why a
    processor would not enter a guest with them."""
    if failure := entry_failure(features):
        raise ValueError(f"{name}: {failure}")
    return BackendDefinition(
        name=name,
        sentence="Native code; hardware answers most accesses from a virtual-APIC page, and posts interrupts.",
        mark=Mark("ink", "2 4", "hexagon"),
        apic_mode=ApicMode.X2APIC if features & ApicvFeature.X2APIC_MODE else ApicMode.XAPIC,
        title="native code; " + (", ".join(_words(features)) or "accesses to the APIC page exit"),
        hypervisor=ApicvHypervisor(features),
        host_entries=_entries(features),
        never_in=(("linux-2.6.22", "processors virtualise APICs since 2012 only"),),
        lesser=lesser,
        features=tuple(words for feature, words in _FEATURES.items() if feature in features),
        lacks=_words(ApicvFeature.ALL & ~features),
        inhibit_reasons=INHIBIT_REASONS,
        has_virtual_page=ApicvFeature.REGISTER_VIRTUALIZATION in features,
    )


def _words(features: ApicvFeature) -> tuple[str, ...]:
    return tuple(words for feature, words in _WORDS.items() if feature in features)


#: From the least on. Without a virtual-APIC page nothing is virtualised: that is trap-emulate.
_PAGE = ApicvFeature.TPR_SHADOW | ApicvFeature.REGISTER_VIRTUALIZATION
_BEFORE_POSTING = apicv(_PAGE | ApicvFeature.VIRTUAL_INTERRUPT_DELIVERY, lesser=apicv(_PAGE))
BEFORE_IPI_VIRTUALIZATION = apicv(ApicvFeature.ALL & ~ApicvFeature.IPI_VIRTUALIZATION, lesser=_BEFORE_POSTING)
APICV = apicv(ApicvFeature.ALL, lesser=BEFORE_IPI_VIRTUALIZATION)
