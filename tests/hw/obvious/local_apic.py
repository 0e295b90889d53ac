"""One local APIC: vectors, errors, the messages it receives and its LVT."""

from collections.abc import Callable

from .bits import bit, field, with_bit
from .processor import Processor
from .timer import Timer

FIXED, LOWEST, SMI, REMOTE_READ, NMI, INIT, SIPI, EXTINT = range(8)

LVT_TIMER, LVT_THERMAL, LVT_PERFORMANCE = 0x320, 0x330, 0x340
LVT_LINT0, LVT_LINT1, LVT_ERROR = 0x350, 0x360, 0x370
LVT_OFFSETS = [LVT_TIMER, LVT_THERMAL, LVT_PERFORMANCE, LVT_LINT0, LVT_LINT1, LVT_ERROR]
REMOTE_IRR, TRIGGER, MASK = 14, 15, 16  # bits of an LVT entry

REDIRECTABLE_IPI, SEND_ILLEGAL, RECEIVE_ILLEGAL, ILLEGAL_REGISTER = 4, 5, 6, 7  # bits of the ESR


def class_of(vector: int) -> int:
    """The priority class of a vector, of TPR or of PPR."""
    return field(vector, 7, 4)


class LocalApic(Processor):
    """State of one APIC, and what happens to it; registers.py holds the register accesses."""

    def __init__(
        self,
        number: int,
        x2apic: bool,
        send_ipi: "Callable[[LocalApic, int, int], None]",  # sender, ICR low, destination
        broadcast_eoi: Callable[[int], None],
    ) -> None:
        super().__init__(number)
        self.mode = "x2apic" if x2apic else "xapic"
        self.base = 0xFEE00000
        self.send_ipi = send_ipi
        self.broadcast_eoi = broadcast_eoi
        self.reset_registers()
        self.lint = {0: False, 1: False}  # the pins' levels are no APIC registers

    def reset_registers(self) -> None:
        """All registers as after reset; ID, mode and base stay."""
        self.irr: set[int] = set()
        self.isr: set[int] = set()
        self.tmr: set[int] = set()
        self.tpr = 0
        self.svr = 0xFF
        self.stored_ldr = 0
        self.dfr = 0xFFFFFFFF
        self.esr_visible: set[int] = set()
        self.esr_pending: set[int] = set()
        self.icr_low = 0
        self.icr_high = 0
        self.lvt = dict.fromkeys(LVT_OFFSETS, 0x10000)
        self.timer = Timer()

    # ------------------------------------------------------------ priority

    def software_enabled(self) -> bool:
        """SVR[8]."""
        return bit(self.svr, 8) == 1

    def ldr(self) -> int:
        """The LDR as read: derived from the ID in x2APIC mode."""
        if self.mode == "x2apic":
            cluster, member = self.id // 16, self.id % 16
            return (cluster << 16) + (1 << member)
        return self.stored_ldr

    def ppr(self) -> int:
        """TPR, unless the interrupt in service has a higher class."""
        in_service = max(self.isr) if self.isr else 0
        if class_of(self.tpr) >= class_of(in_service):
            return self.tpr
        return class_of(in_service) * 16

    def deliverable(self) -> int | None:
        """The highest requested vector, if its class is above the class of PPR."""
        if self.mode == "disabled" or not self.irr:
            return None
        vector = max(self.irr)
        return vector if class_of(vector) > class_of(self.ppr()) else None

    def acknowledge(self) -> int:
        """INTA."""
        vector = self.deliverable()
        if vector is None:
            return field(self.svr, 7, 0)
        self.irr.remove(vector)
        self.isr.add(vector)
        return vector

    def external_requested(self) -> bool:
        """An ExtINT message, or the level of a pin; without its APIC the CPU's INTR pin is LINT0."""
        if self.mode == "disabled":
            return self.external_pending or self.lint[0]
        from_pin = any(
            self.lint[which] and not self.masked(offset) and field(self.lvt[offset], 10, 8) == EXTINT
            for which, offset in ((0, LVT_LINT0), (1, LVT_LINT1))
        )
        return self.external_pending or from_pin

    def end_of_interrupt(self) -> None:
        """The highest vector in service ends; TMR stays as it is."""
        if not self.isr:
            return
        vector = max(self.isr)
        self.isr.remove(vector)
        if vector not in self.tmr:
            return
        entry = self.lvt[LVT_LINT0]
        if field(entry, 7, 0) == vector and bit(entry, REMOTE_IRR):
            self.lvt[LVT_LINT0] = with_bit(entry, REMOTE_IRR, 0)
            self.look_at_lint0()
        self.broadcast_eoi(vector)

    # ------------------------------------------------------------ requests and errors

    def request(self, vector: int, level: bool) -> bool:
        """A fixed interrupt arrives at an enabled APIC; whether it was accepted or merged."""
        if vector < 16:
            self.raise_error(RECEIVE_ILLEGAL)
            return False
        self.irr.add(vector)
        if level:
            self.tmr.add(vector)
        else:
            self.tmr.discard(vector)
        return True

    def raise_error(self, error: int) -> None:
        """An ESR bit becomes pending; only a newly pending one raises the LVT error entry."""
        if error in self.esr_pending:
            return
        self.esr_pending.add(error)
        if self.masked(LVT_ERROR):
            return
        vector = field(self.lvt[LVT_ERROR], 7, 0)
        if vector < 16:
            self.esr_pending.add(RECEIVE_ILLEGAL)  # without raising again: that would never end
        else:
            self.irr.add(vector)
            self.tmr.discard(vector)

    # ------------------------------------------------------------ messages

    def receive(self, delivery_mode: int, vector: int, level: bool) -> bool:
        """A message that matched this APIC; whether a fixed or lowest-priority one was accepted or merged."""
        if self.mode == "disabled":
            return False
        if delivery_mode in (FIXED, LOWEST):
            return self.software_enabled() and self.request(vector, level)
        if delivery_mode == NMI:
            self.latch_nmi()
        if delivery_mode == SMI:
            self.smi_pending = True
        if delivery_mode == INIT:
            self.latch_init()
        if delivery_mode == SIPI:
            self.latch_sipi()
        if delivery_mode == EXTINT:
            self.external_pending = True
        return False

    # ------------------------------------------------------------ local sources

    def masked(self, offset: int) -> bool:
        """Whether an LVT entry is masked."""
        return bit(self.lvt[offset], MASK) == 1

    def mask_all(self) -> None:
        """What clearing SVR[8] does to the LVT."""
        for offset in LVT_OFFSETS:
            self.lvt[offset] = with_bit(self.lvt[offset], MASK, 1)

    def fire_timer(self) -> None:
        """The timer expired: always fixed and edge."""
        if not self.masked(LVT_TIMER):
            self.request(field(self.lvt[LVT_TIMER], 7, 0), level=False)

    def local_event(self, source: str) -> None:
        """The thermal sensor or a performance counter speaks; INIT is not among its modes."""
        offset = {"thermal": LVT_THERMAL, "performance": LVT_PERFORMANCE}[source]
        if self.masked(offset):
            return
        if field(self.lvt[offset], 10, 8) != INIT:
            self.fire_by_mode(offset)
        if source == "performance":
            self.lvt[offset] = with_bit(self.lvt[offset], MASK, 1)

    def drive_lint(self, which: int, level: bool) -> None:
        """The level of a LINT pin; True means asserted, whatever the polarity bit."""
        if level == self.lint[which]:
            return
        self.lint[which] = level
        if self.mode == "disabled":
            # Without its APIC the CPU has an INTR and an NMI pin.
            if which == 1 and level:
                self.latch_nmi()
            return
        offset = {0: LVT_LINT0, 1: LVT_LINT1}[which]
        if which == 0 and self.lint0_is_level():
            self.look_at_lint0()
        elif level and not self.masked(offset):
            self.fire_by_mode(offset)

    def fire_by_mode(self, offset: int) -> None:
        """An unmasked LVT entry with a delivery mode fires as an edge; modes not named here do nothing."""
        delivery_mode = field(self.lvt[offset], 10, 8)
        if delivery_mode == FIXED:
            self.request(field(self.lvt[offset], 7, 0), level=False)
        if delivery_mode == NMI:
            self.latch_nmi()
        if delivery_mode == SMI:
            self.smi_pending = True
        if delivery_mode == INIT:
            self.latch_init()

    def lint0_is_level(self) -> bool:
        """Level trigger counts for fixed only."""
        entry = self.lvt[LVT_LINT0]
        return field(entry, 10, 8) == FIXED and bit(entry, TRIGGER) == 1

    def look_at_lint0(self) -> None:
        """A level LINT0 requests while asserted, unmasked and not waiting for its EOI."""
        entry = self.lvt[LVT_LINT0]
        if not self.lint0_is_level() or not self.lint[0] or self.masked(LVT_LINT0) or bit(entry, REMOTE_IRR):
            return
        if self.request(field(entry, 7, 0), level=True):
            self.lvt[LVT_LINT0] = with_bit(self.lvt[LVT_LINT0], REMOTE_IRR, 1)
