"""What the entries of a cost sheet are: every name that a sheet must have, with words for it, and one figure."""

from dataclasses import dataclass
from typing import NamedTuple

#: How sure a figure is, surest first. The last is for what a person has changed.
CONFIDENCE_WORDS: dict[str, str] = {
    "published": "The figure stands in the source, which was read.",
    "derived": "Computed from published figures, as the source says.",
    "recalled": "From a published paper that was not read again.",
    "assumed": "Nobody has published it; the source says how it was bounded.",
    "yours": "Changed by hand.",
}
UNITS = ("cycles", "ns")
#: No step takes longer; it keeps virtual time within a browser's numbers.
MOST_CYCLES = 1_000_000_000


class EntryGroup(NamedTuple):
    """Entries about one subject: name to one sentence on what is paid for."""

    title: str
    words: dict[str, str]


ENTRY_GROUPS = (
    EntryGroup(
        "The CPU by itself",
        {
            "mmio_read": "A load from a register of the APIC page.",
            "mmio_write": "A store to a register of the APIC page.",
            "msr_read": "RDMSR of an x2APIC register, where it does not exit.",
            "msr_write": "WRMSR of an x2APIC register, where it does not exit.",
            "fence": "MFENCE and LFENCE before an x2APIC WRMSR, which does not wait for earlier stores by itself.",
            "memory_read": "A read of a word that another CPU may have written.",
            "memory_write": "A locked write to a word that other CPUs watch.",
            "spin_exit": "The last round of a spin loop, in which the CPU sees that the awaited word has changed.",
            "enable_interrupts": "STI.",
            "disable_interrupts": "CLI.",
            "halt": "HLT; what comes after it is idle time.",
            "interrupt_entry": "Taking an interrupt: through the gate, as far as the handler's first instruction.",
            "interrupt_return": "IRET.",
            "smm_entry": "From an SMI to the first instruction of the firmware's handler.",
            "smm_return": "RSM.",
        },
    ),
    EntryGroup(
        "The way into the hypervisor and back",
        {
            "vm_exit": "The CPU leaves the guest, as far as the hypervisor's own code for the reason.",
            "vm_entry": "The CPU goes back to the guest.",
            "hypervisor_call": "A guest's call of a VMI kind into its hypervisor: the way in.",
            "hypercall": "VMCALL or VMMCALL: the way in, instead of vm_exit.",
            "pv_hypercall": "A paravirtual guest of Xen calls it, by SYSCALL or a software interrupt: the way in.",
            "pv_interrupt": "An interrupt of Xen's own takes the CPU out of a paravirtual guest.",
            "pv_return": "Xen goes back to a paravirtual guest, by SYSRET or IRET.",
        },
    ),
    EntryGroup(
        "The hypervisor's work on an emulated APIC",
        {
            "decode": "Fetching and decoding the guest's instruction, to learn what it wanted.",
            "decode_eoi": "Learning that the guest has written EOI: nothing if the exit says so, else decoding.",
            "emulate_read": "A read of the hypervisor's model of the APIC.",
            "emulate_write": "A write to the hypervisor's model of the APIC, without its way to a target.",
            "inject": "Finding the next interrupt and putting it into the guest at the entry.",
        },
    ),
    EntryGroup(
        "Calls instead of registers",
        {
            "send_ipi_setup": "One SEND_IPI or cluster-IPI hypercall in the host, apart from its targets.",
            "send_ipi_target": "Each CPU that the hypervisor sends to: the vector requested, the CPU notified.",
            "evtchn_send": "Xen's work for one EVTCHNOP_send: pending bits set, the target's CPU notified.",
            "evtchn_upcall": "Xen bounces an upcall into a paravirtual guest: builds its frame and goes there.",
        },
    ),
    EntryGroup(
        "APIC virtualisation by hardware",
        {
            "virtual_apic_access": "An access to the virtual-APIC page that does not exit.",
            "virtual_eoi": "An EOI that hardware carries out on the virtual-APIC page.",
            "ipi_virtualization": "A virtualised ICR write, beyond the write: hardware posts the vector itself.",
            "post_interrupt": "The host posts an interrupt: a bit in the descriptor, a notification to the CPU.",
            "posted_delivery": "The target's hardware takes a posted interrupt over without an exit.",
        },
    ),
    EntryGroup(
        "What the handlers do",
        {
            "handler_reschedule": "The body of the reschedule interrupt's handler.",
            "handler_call_function": "The body of the call-function handler, with a short function.",
            "handler_invalidate_tlb": "The body of the TLB-invalidation handler.",
            "handler_timer": "The body of the timer tick.",
            "handler_device": "The body of a device's handler.",
            "handler_nmi": "The body of the NMI handler.",
            "handler_smi": "The firmware's own work in SMM.",
        },
    ),
    EntryGroup(
        "Messages under way",
        {
            "message_flight": "From the write of ICR, once done, to the target's IRR.",
            "eoi_broadcast_flight": "From an EOI of a level-triggered interrupt to the I/O APIC.",
        },
    ),
)
ENTRY_WORDS: dict[str, str] = {name: words for group in ENTRY_GROUPS for name, words in group.words.items()}
#: Every entry that a sheet must have.
REQUIRED_ENTRIES: tuple[str, ...] = tuple(ENTRY_WORDS)
#: A CPU polls until its message has been accepted: if a read took no time, it would poll for ever at one moment.
TAKES_TIME = frozenset({"mmio_read", "emulate_read", "msr_read", "virtual_apic_access"})


@dataclass(frozen=True, slots=True)
class CostEntry:
    """One figure: *value* in *unit*, with the range in which it may lie; *cycles* is the same in TSC cycles.

    Where the hardware or the hypervisor has no such thing, *unavailable* says why and the others hold nothing.
    """

    value: int | float | None
    unit: str
    range: tuple[int | float, int | float] | None
    source: str
    confidence: str
    cycles: int | None
    unavailable: str = ""


def missing_feature(reason: str) -> CostEntry:
    """The entry of something that does not exist on a sheet's hardware, with the *reason*."""
    return CostEntry(None, "cycles", None, "", "", None, reason)


def cycles_of(value: int | float, unit: str, gigahertz: float) -> int:
    """*value* in TSC cycles, rounded half up."""
    return int(value * (gigahertz if unit == "ns" else 1) + 0.5)


def wrong_with_cycles(name: str, cycles: int) -> str | None:
    """Why the entry *name* cannot cost *cycles*; None when it can."""
    if name in TAKES_TIME and cycles == 0:
        return "must come to 1 cycle or more: a CPU polls with it until its message has arrived"
    if cycles > MOST_CYCLES:
        return f"must come to {MOST_CYCLES:,} cycles or less"
    return None
