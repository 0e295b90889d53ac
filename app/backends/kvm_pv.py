"""KVM's paravirtual guest: mask sends by the SEND_IPI hypercall, EOI by a shared bit; a single target is still sent to
through ICR.

Source: Linux ``arch/x86/kernel/kvm.c`` (``__send_ipi_mask``, ``kvm_guest_apic_eoi_write``), ``arch/x86/kvm/lapic.c``
(``kvm_pv_send_ipi``), Documentation/virt/kvm/x86/hypercalls.rst.
"""

from collections.abc import Iterator
from dataclasses import replace

from app.backends import emulation
from app.backends.backend import TREE, BackendDefinition, Feature, Mark, Turn
from app.backends.shared_eoi import SharesEoiWord, guest_eoi_spared
from app.guest.apic_ops import ApicOperations, Context
from app.guest.cpumask import cpus_of
from app.guest.irqflags import local_irq_restore, local_irq_save
from app.guest.linux_6 import apic_driver
from app.guest.linux_6.irq_vectors import NMI_VECTOR
from app.guest.places import in_file
from app.guest.steps import GuestStep, HostSend, HostWork, Hypercall, Steps
from app.hw.cpu import Cpu
from app.x86.icr import DeliveryMode, TriggerMode, decode_icr
from app.x86.model_specific_registers import ApicMode

SEND_IPI = "KVM_HC_SEND_IPI"
#: APIC IDs that one hypercall can name: two words of 64 bits.
WINDOW = 128
_WORD_BITS = 64
_WORD = (1 << _WORD_BITS) - 1
#: ICR bits that SEND_IPI refuses: the logical destination mode and both bits of the shorthand. Level and trigger mode
#: are taken.
_REFUSED_BITS = 1 << 11 | 0b11 << 18
#: ``-KVM_EINVAL``, the guest's answer to such bits.
KVM_EINVAL = -22
_SETUP = HostWork("send_ipi_setup", "reads the two words of the bitmap")


def windows(apic_ids: list[int]) -> Iterator[tuple[int, int]]:
    """(lowest APIC ID, bitmap from there) of each hypercall that *apic_ids*, in the order of the CPUs, need."""
    lowest = highest = -1
    bitmap = 0
    for apic_id in apic_ids:
        if bitmap and max(highest, apic_id) - min(lowest, apic_id) >= WINDOW:
            yield lowest, bitmap
            bitmap = 0
        if not bitmap:
            lowest = highest = apic_id
        elif apic_id < lowest:
            bitmap <<= lowest - apic_id
            lowest = apic_id
        highest = max(highest, apic_id)
        bitmap |= 1 << apic_id - lowest
    if bitmap:
        yield lowest, bitmap


def kvm_send_ipi_mask(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """One hypercall for each window of 128 APIC IDs."""
    if not cpumask:
        return
    flags = yield from local_irq_save()
    icr = DeliveryMode.NMI << 8 if vector == NMI_VECTOR else vector
    for lowest, bitmap in windows(list(cpus_of(cpumask))):
        yield Hypercall(SEND_IPI, (bitmap & _WORD, bitmap >> _WORD_BITS, lowest, icr))
    yield from local_irq_restore(flags)


def kvm_send_ipi_mask_allbutself(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """The same without the CPU that asks."""
    yield from kvm_send_ipi_mask(context, cpumask & ~(1 << context.number), vector)


def kvm_guest_apic_eoi_write(context: Context) -> Steps[None]:
    """Clears the shared bit; writes EOI only if it was clear already."""
    if not (yield from guest_eoi_spared(context)):
        yield from apic_driver.native_apic_msr_eoi(context)


class KvmHypervisor(SharesEoiWord):
    """KVM without APIC hardware: MSR exits, the SEND_IPI hypercall, and the shared EOI word."""

    def intercept(self, step: GuestStep, cpu: Cpu) -> Steps[int] | None:
        if isinstance(step, Hypercall):
            return self._send_ipi(step)
        return super().intercept(step, cpu)

    def _send_ipi(self, call: Hypercall) -> Steps[int]:
        """``kvm_pv_send_ipi``: -KVM_EINVAL for a logical destination or a shorthand, else the number of targets."""
        yield call
        low, high, lowest, icr = call.arguments
        if icr & _REFUSED_BITS:
            yield emulation.ENTRY
            return KVM_EINVAL
        yield _SETUP
        command = decode_icr(icr)
        sent = 0
        if command.trigger_mode is TriggerMode.EDGE or command.level:  # a level's de-assert reaches nobody
            for bit in cpus_of(low | high << _WORD_BITS):
                yield HostSend(lowest + bit, command.vector, command.delivery_mode, trigger_mode=command.trigger_mode)
                sent += 1
        yield emulation.ENTRY
        return sent


def _paravirtualise(native: ApicOperations) -> ApicOperations:
    return replace(
        native,
        send_ipi_mask=kvm_send_ipi_mask,
        send_ipi_mask_allbutself=kvm_send_ipi_mask_allbutself,
        eoi=kvm_guest_apic_eoi_write,
    )


KVM_PV = BackendDefinition(
    name="kvm-pv",
    title="mask sends by hypercall, EOI by a shared bit, everything else by MSRs that exit",
    sentence="A mask is one hypercall for 128 APIC IDs; an EOI is a shared bit; the rest are MSRs that exit.",
    mark=Mark("blue", None, "diamond"),
    apic_mode=ApicMode.X2APIC,
    hypervisor=KvmHypervisor(),
    paravirtualise=_paravirtualise,
    host_entries=emulation.ENTRIES | {"hypercall", "send_ipi_setup"},
    features=(
        Feature("send_ipi_setup", "the SEND_IPI hypercall", "sends to several CPUs, by mask or to all but self"),
    ),
    shares_eoi_word=True,
    places=in_file(
        "arch/x86/kernel/kvm.c",
        (kvm_send_ipi_mask, "kvm_send_ipi_mask, __send_ipi_mask", 529),
        (kvm_send_ipi_mask_allbutself, "kvm_send_ipi_mask_allbutself", 590),
        (kvm_guest_apic_eoi_write, "kvm_guest_apic_eoi_write", 363),
    ),
    history=(
        Turn(
            2012,
            "2012",
            "eoi_write is split from write, for KVM's PV EOI",
            "One register operation is worth an override of its own.",
            TREE,
        ),
    ),
)
