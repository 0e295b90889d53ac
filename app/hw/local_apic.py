"""One local APIC: its state, and how it accepts, orders and ends interrupts.

Source: SDM vol. 3, chapter "Advanced Programmable Interrupt Controller (APIC)". Section titles stand at each rule.
What software reads and writes is in ``register_access``, what ICR sends in ``interprocessor``, local sources in
``local_vector_table``. The APIC knows no other device: what it notices goes to the ``record`` that it was given.
"""

from collections.abc import Callable
from functools import lru_cache

from app.hw.apic_base import ApicMode
from app.hw.changes import Changes
from app.hw.clock import Clock
from app.hw.events import (
    Accepted,
    Acknowledged,
    ApicModeChanged,
    EoiBroadcastSuppressed,
    EoiWithoutInterrupt,
    ErrorNoticed,
    Event,
    Fault,
    InterruptEnded,
    Merged,
    Outcome,
    Reason,
    Refused,
    RegisterFaulted,
    Retried,
    SpuriousDelivered,
)
from app.hw.ledger import Ledger
from app.hw.messages import EoiBroadcast, InterruptMessage, MessageNumbers
from app.hw.profile import Profile, SameVector, SoftwareDisabled, WhileSoftwareDisabled
from app.hw.timer import Timer
from app.x86 import lvt
from app.x86.error_status import ESR_RECEIVE_ILLEGAL_VECTOR
from app.x86.icr import DeliveryMode, TriggerMode
from app.x86.model_specific_registers import RESET_BASE
from app.x86.registers import SVR_ENABLE, SVR_SUPPRESS_EOI_BROADCAST, Register
from app.x86.vectors import FIRST_LEGAL_VECTOR, VectorBitmap

# Equal events are made over and over: fetching one costs a quarter of making one.
_acknowledged = lru_cache(4096)(Acknowledged)
_interrupt_ended = lru_cache(4096)(InterruptEnded)
# And Python 3.11 takes its time to find a member of an enum: what every interrupt asks for is looked up once.
_FIXED, _EDGE, _LEVEL = DeliveryMode.FIXED, TriggerMode.EDGE, TriggerMode.LEVEL
_DISABLED, _X2APIC = ApicMode.DISABLED, ApicMode.X2APIC
_ACCEPTED, _MERGED, _REFUSED, _RETRIED = Outcome.ACCEPTED, Outcome.MERGED, Outcome.REFUSED, Outcome.RETRIED


class LocalApic:
    """The APIC of CPU number ``cpu``. ``initial_id`` is the 32-bit ID from power-up, ``apic_id`` the one in use."""

    __slots__ = (
        "absence_noticed",
        "apic_id",
        "base",
        "blocked_while_disabled",
        "book",
        "changes",
        "clock",
        "coalesced",
        "cpu",
        "dfr",
        "esr",
        "esr_pending",
        "icr",
        "initial_id",
        "irr",
        "isr",
        "ldr",
        "lint_lines",
        "lvt",
        "mode",
        "numbers",
        "profile",
        "record",
        "refuses_while_disabled",
        "retried_sources",
        "retries",
        "sends_in_flight",
        "svr",
        "timer",
        "tmr",
        "tpr",
    )

    def __init__(
        self,
        cpu: int,
        apic_id: int,
        profile: Profile,
        clock: Clock,
        numbers: MessageNumbers,
        changes: Changes,
        ledger: Ledger,
        record: Callable[[Event], None],
    ) -> None:
        self.cpu = cpu
        self.initial_id = self.apic_id = apic_id
        self.profile = profile
        self.clock = clock
        self.numbers = numbers
        self.changes = changes
        self.record = record
        self.book = ledger.book
        self.retries = profile.same_vector is SameVector.RETRIED
        self.blocked_while_disabled = profile.software_disabled is SoftwareDisabled.BLOCKED
        self.refuses_while_disabled = profile.while_software_disabled is WhileSoftwareDisabled.REFUSED
        self.mode = ApicMode.XAPIC
        self.absence_noticed = False  # of the page: said once, not at every poll
        #: Physical address of the xAPIC page.
        self.base = RESET_BASE
        self.irr = VectorBitmap()
        self.isr = VectorBitmap()
        self.tmr = VectorBitmap()
        #: Vectors that were requested again while already requested. No register: for watchers only.
        self.coalesced = VectorBitmap()
        #: LVT registers whose source waits for its vector's IRR bit to become free (P6 family).
        self.retried_sources: set[Register] = set()
        self.timer = Timer()
        self.lvt: dict[Register, int] = {}
        self.lint_lines = [0, 0]  # what drives LINT0 and LINT1: pins, which no reset changes
        self.sends_in_flight = 0
        self.tpr = 0
        self._reset_registers()

    def _reset_registers(self) -> None:
        """All but ID, mode, page and TPR."""
        self.irr.clear_all()
        self.isr.clear_all()
        self.tmr.clear_all()
        self.coalesced.clear_all()
        self.retried_sources.clear()
        self.svr = 0xFF
        self.esr = 0
        self.esr_pending = 0
        self.icr = 0
        self.ldr = 0
        self.dfr = 0xFFFF_FFFF
        self.lvt = dict.fromkeys(self.profile.lvt_registers, lvt.RESET)
        self.timer.reset()
        self.changes.configuration = True
        self.changes.timers.add(self.cpu)

    def reset_by_init(self) -> None:
        """INIT: registers as after power-up; APIC ID and mode stay ("Local APIC State After It Receives an INIT")."""
        self._reset_registers()
        self.tpr = 0

    def enter_mode(self, mode: ApicMode) -> None:
        """A legal transition ("x2APIC State Transitions").

        Switched off, the APIC loses its registers; TPR stays, since CR8 goes on to be it. From xAPIC to x2APIC mode all
        registers stay but LDR, the ID and the high half of ICR.
        """
        self.mode = mode
        self.apic_id = self.initial_id
        if mode is ApicMode.DISABLED:
            self._reset_registers()
        elif mode is ApicMode.X2APIC:
            self.ldr = 0
            self.icr &= 0xFFFF_FFFF
        self.absence_noticed = False
        self.changes.configuration = True
        self.record(ApicModeChanged(self.cpu, mode.value))

    def notice_absence(self, offset: int) -> None:
        """Software used *offset* of a page that is not there."""
        if not self.absence_noticed:
            self.record(RegisterFaulted(self.cpu, offset, Fault.NOT_DECODED, general_protection=False))
        self.absence_noticed = True

    # Identity ("Determining IPI Destination")

    @property
    def bootstrap(self) -> bool:
        return self.cpu == 0

    @property
    def x2apic(self) -> bool:
        return self.mode is ApicMode.X2APIC

    @property
    def software_enabled(self) -> bool:
        return bool(self.svr & SVR_ENABLE)

    @property
    def logical_id(self) -> int:
        """LDR as software reads it; in x2APIC mode derived from the ID ("Deriving Logical x2APIC ID")."""
        if self.mode is _X2APIC:
            return (self.apic_id >> 4) << 16 | 1 << (self.apic_id & 0xF)
        return self.ldr

    # Priority ("Task and Processor Priorities")

    @property
    def ppr(self) -> int:
        """Processor priority: TPR, or the class of the highest vector in service when that is higher."""
        in_service = self.isr.bits
        if in_service:
            vector = in_service.bit_length() - 1
            if vector >> 4 > self.tpr >> 4:
                return vector & 0xF0
        return self.tpr

    def deliverable(self) -> int | None:
        """The vector that the CPU would get now, or None. Strictly higher class than PPR wins, equal class waits."""
        requested = self.irr.bits
        if not requested or (self.blocked_while_disabled and not self.svr & SVR_ENABLE):
            return None
        vector = requested.bit_length() - 1
        return vector if vector >> 4 > self.ppr >> 4 else None

    # Acceptance ("Interrupt Acceptance for Fixed Interrupts")

    def accept(self, message: InterruptMessage) -> Outcome:
        """A fixed or lowest-priority message has arrived."""
        if self.mode is _DISABLED:
            return self._refuse(message, Reason.APIC_DISABLED)
        if not self.svr & SVR_ENABLE and self.refuses_while_disabled:
            return self._refuse(message, Reason.SOFTWARE_DISABLED)
        if message.vector < FIRST_LEGAL_VECTOR:
            self.notice_error(ESR_RECEIVE_ILLEGAL_VECTOR)
            return self._refuse(message, Reason.ILLEGAL_VECTOR)
        return self.request(message.vector, message.delivery_mode, message.trigger_mode, message.number)

    def _refuse(self, message: InterruptMessage, reason: Reason) -> Outcome:
        self.book(Refused(self.cpu, message.vector, message.delivery_mode, reason, message.number))
        return _REFUSED

    def request(self, vector: int, mode: DeliveryMode, trigger: TriggerMode, number: int | None) -> Outcome:
        """Sets the IRR bit of a legal *vector*, and TMR to say how. ``number`` is None for a local source."""
        if vector in self.irr:
            if self.retries:
                self.book(Retried(self.cpu, vector, mode, number))
                return _RETRIED
            self.coalesced.set(vector)
            self.tmr.assign(vector, trigger is _LEVEL)
            self.book(Merged(self.cpu, vector, mode, number))
            return _MERGED
        self.irr.set(vector)
        self.tmr.assign(vector, trigger is _LEVEL)
        self.book(Accepted(self.cpu, vector, mode, trigger, number))
        return _ACCEPTED

    def acknowledge(self) -> int:
        """The CPU takes an interrupt: IRR to ISR; the spurious vector if none is deliverable ("Spurious Interrupt")."""
        vector = self.deliverable()
        if vector is None:
            spurious = self.svr & 0xFF
            self.record(SpuriousDelivered(self.cpu, spurious))
            return spurious
        self.irr.clear(vector)
        self.coalesced.clear(vector)
        self.isr.set(vector)
        self.record(_acknowledged(self.cpu, vector))
        return vector

    def end_interrupt(self) -> EoiBroadcast | None:
        """EOI: clears the highest ISR bit and tells the I/O APICs of a level-triggered one. TMR stays as it is."""
        vector = self.isr.highest()
        if vector is None:
            self.record(EoiWithoutInterrupt(self.cpu))
            return None
        self.isr.clear(vector)
        self.record(_interrupt_ended(self.cpu, vector))
        if vector not in self.tmr:
            return None
        if self.svr & SVR_SUPPRESS_EOI_BROADCAST:
            self.record(EoiBroadcastSuppressed(self.cpu, vector))
            return None
        return EoiBroadcast(self.numbers.take(), self.cpu, vector)

    # Errors ("Error Handling")

    def notice_error(self, bit: int) -> None:
        """Sets a bit in the pending half of ESR and raises the LVT error entry when the bit is new."""
        if self.esr_pending & bit:
            return
        self.esr_pending |= bit
        self.record(ErrorNoticed(self.cpu, bit))
        entry = self.lvt[Register.LVT_ERROR]
        if entry & lvt.MASKED:
            return
        if entry & 0xFF >= FIRST_LEGAL_VECTOR:
            self.request_local(Register.LVT_ERROR)
        elif not self.esr_pending & ESR_RECEIVE_ILLEGAL_VECTOR:
            # Its own vector is illegal too: say so, but do not raise the entry again for that.
            self.esr_pending |= ESR_RECEIVE_ILLEGAL_VECTOR
            self.record(ErrorNoticed(self.cpu, ESR_RECEIVE_ILLEGAL_VECTOR))

    def request_local(self, register: Register, trigger: TriggerMode = _EDGE) -> Outcome:
        """The unmasked fixed LVT entry *register* requests its vector, or finds it illegal."""
        vector = self.lvt[register] & 0xFF
        if vector < FIRST_LEGAL_VECTOR:
            self.notice_error(ESR_RECEIVE_ILLEGAL_VECTOR)
            return _REFUSED
        outcome = self.request(vector, _FIXED, trigger, None)
        if outcome is _RETRIED:
            self.retried_sources.add(register)
        return outcome
