"""The word through which a hypervisor spares its guest an EOI: KVM's PV EOI, Hyper-V's assist page.

Before it enters the guest with an interrupt, the hypervisor sets bit 0 if four conditions hold: the guest has switched
the feature on, this is the only interrupt in service, it is no level-triggered one of the I/O APIC, and none waits. The
guest then clears the bit instead of writing EOI. At the next exit the hypervisor looks: a cleared bit was an EOI; a bit
that is still set is withdrawn. Source: Linux ``arch/x86/kvm/lapic.c`` (``apic_sync_pv_eoi_to_guest``), M. Tsirkin's
series of 2012; Hyper-V TLFS, "Virtual Processor Assist Page".
"""

from app.backends.backend import Found
from app.backends.emulation import ENTRY, INJECT, leave
from app.backends.trap_emulate import TrapAndEmulate
from app.guest.apic_ops import Context, KernelState
from app.guest.steps import Arriving, OfferEoiWord, Steps, TestAndClear
from app.hw.cpu import Cpu


def guest_eoi_spared(context: Context) -> Steps[int]:
    """Tests and clears the word. 1 when that was the EOI."""
    return (yield TestAndClear(context.kernel.eoi_words[context.number])) & 1


class SharesEoiWord(TrapAndEmulate):
    """A hypervisor without APIC hardware that offers the word with each interrupt."""

    def deliver(self, found: Found, arrival: Arriving, cpu: Cpu, kernel: KernelState) -> Steps[int]:
        """As any injection, with an offer in the word on the way in."""
        yield from leave(found, arrival)
        yield INJECT
        vector = yield arrival
        yield OfferEoiWord(kernel.eoi_words[cpu.number])
        yield ENTRY
        return vector
