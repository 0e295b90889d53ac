"""One local APIC, from top to bottom: what it holds, who it is, what it sends, and the life of an interrupt in it.

An interrupt is requested (IRR), acknowledged by the CPU (from IRR to ISR) and ended (EOI clears ISR). What software
reads and writes is in ``local_apic_registers``; what fires inside the CPU or at its pins is in ``local_vector_table``;
the timer is in ``timer``. An APIC knows no other device: it returns the messages that it sends.

Modelled: the disabled state, xAPIC mode and x2APIC mode; every delivery mode of an IPI; acceptance, priorities, the
spurious vector, EOI and its broadcast; errors; software disable; and what a profile chooses where the manual leaves
room or families of processors differ.

Not modelled: remote read, hierarchical clusters, arbitration IDs that rotate, checksum errors, and of the P6 family
the broadcast 0x0F and the limit of two interrupts per priority class.

Source: SDM vol. 3, chapter "Advanced Programmable Interrupt Controller (APIC)". Section titles stand at each rule.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, assert_never

from app.hw.events import (
    Accepted,
    Acknowledged,
    ApicModeChanged,
    CommandQuestioned,
    EoiBroadcastSuppressed,
    EoiWithoutInterrupt,
    ErrorNoticed,
    Fault,
    InterruptEnded,
    Merged,
    Outcome,
    Reason,
    Refused,
    RegisterFaulted,
    Retried,
    SendRefused,
    SpuriousDelivered,
)
from app.hw.messages import EoiBroadcast, InterruptMessage, Origin
from app.hw.profile import (
    ApicBusErrors,
    LevelTriggeredIpis,
    LowestPriorityBroadcast,
    LowestPriorityIpis,
    Profile,
    SameVector,
    SoftwareDisabled,
    WhileSoftwareDisabled,
)
from app.hw.services import Services
from app.hw.timer import Timer
from app.x86 import lvt
from app.x86.icr import (
    VALID_DELIVERY_MODES,
    X2APIC_BROADCAST,
    XAPIC_BROADCAST,
    DeliveryMode,
    DestinationMode,
    Icr,
    Shorthand,
    TriggerMode,
    breaches,
    is_init_level_deassert,
)
from app.x86.model_specific_registers import RESET_BASE, ApicMode
from app.x86.registers import SVR_ENABLE, SVR_SUPPRESS_EOI_BROADCAST, Register
from app.x86.state_registers import (
    ESR_RECEIVE_ILLEGAL_VECTOR,
    ESR_REDIRECTABLE_IPI,
    ESR_SEND_ACCEPT,
    ESR_SEND_ILLEGAL_VECTOR,
)
from app.x86.units import ApicId, Vector
from app.x86.vectors import FIRST_LEGAL_VECTOR, VECTORS, VectorBitmap

# Equal events are made over and over: fetching one costs a quarter of making one.
_acknowledged = lru_cache(4096)(Acknowledged)
_interrupt_ended = lru_cache(4096)(InterruptEnded)
# And Python 3.11 takes its time to find a member of an enum: what every interrupt asks for is looked up once.
_FIXED, _LOWEST_PRIORITY, _NMI = DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY, DeliveryMode.NMI
_EDGE, _LEVEL = TriggerMode.EDGE, TriggerMode.LEVEL
_DISABLED, _X2APIC = ApicMode.DISABLED, ApicMode.X2APIC
_ACCEPTED, _MERGED, _REFUSED, _RETRIED = Outcome.ACCEPTED, Outcome.MERGED, Outcome.REFUSED, Outcome.RETRIED
_IPI, _NORMALISED = Origin.IPI, LevelTriggeredIpis.NORMALISED
_RESET_SVR, _RESET_DFR = 0xFF, 0xFFFF_FFFF


@dataclass(slots=True, eq=False, repr=False)
class LocalApic:
    """The APIC of CPU number ``cpu``. ``initial_id`` is the 32-bit ID from power-up, ``apic_id`` the one in use."""

    STATE: ClassVar = (
        *("absence_noticed", "apic_id", "base", "mode"),
        *("coalesced", "irr", "isr", "tmr", "tpr"),
        *("dfr", "esr", "esr_pending", "icr", "ldr", "sends_in_flight", "svr"),
        *("lint_lines", "lvt", "retried_sources"),
    )
    WIRES: ClassVar = (
        *("blocked_while_disabled", "cpu", "initial_id", "profile", "refuses_while_disabled", "retries"),
        *("services", "timer"),
    )

    cpu: int
    initial_id: ApicId
    profile: Profile
    services: Services

    # What the profile says, asked for at every interrupt
    retries: bool = field(init=False)
    blocked_while_disabled: bool = field(init=False)
    refuses_while_disabled: bool = field(init=False)

    # Mode, place and ID
    mode: ApicMode = ApicMode.XAPIC
    #: Physical address of the xAPIC page.
    base: int = RESET_BASE
    #: Software has used the page while it was not there: said once, not at every poll.
    absence_noticed: bool = False
    apic_id: ApicId = field(init=False)

    # Registers, as xAPIC mode shows them; ICR has 64 bits
    tpr: int = 0
    svr: int = _RESET_SVR
    esr: int = 0
    esr_pending: int = 0
    icr: int = 0
    ldr: int = 0
    dfr: int = _RESET_DFR
    irr: VectorBitmap = field(default_factory=VectorBitmap)
    isr: VectorBitmap = field(default_factory=VectorBitmap)
    tmr: VectorBitmap = field(default_factory=VectorBitmap)
    lvt: dict[Register, int] = field(init=False)
    timer: Timer = field(default_factory=Timer)

    # What no register shows
    #: Vectors that were requested again while already requested, and how often: for watchers only.
    coalesced: dict[int, int] = field(default_factory=dict)
    #: LVT registers whose source waits for its vector's IRR bit to become free (P6 family).
    retried_sources: set[Register] = field(default_factory=set)
    #: What drives LINT0 and LINT1. They are pins, which no reset changes.
    lint_lines: list[int] = field(default_factory=lambda: [0, 0])
    #: IPIs that have not arrived yet.
    sends_in_flight: int = 0

    def __post_init__(self) -> None:
        profile = self.profile
        self.retries = profile.same_vector is SameVector.RETRIED
        self.blocked_while_disabled = profile.software_disabled is SoftwareDisabled.BLOCKED
        self.refuses_while_disabled = profile.while_software_disabled is WhileSoftwareDisabled.REFUSED
        self.apic_id = self.initial_id
        self.lvt = dict.fromkeys(profile.lvt_registers, lvt.RESET)

    # Reset and mode

    def reset_by_init(self) -> None:
        """INIT: registers as after power-up; APIC ID and mode stay ("Local APIC State After It Receives an INIT")."""
        self._reset_registers()
        self.tpr = 0

    def _reset_registers(self) -> None:
        """All but ID, mode, page and TPR."""
        self.irr.clear_all()
        self.isr.clear_all()
        self.tmr.clear_all()
        self.coalesced.clear()
        self.retried_sources.clear()
        self.svr = _RESET_SVR
        self.esr = self.esr_pending = 0
        self.icr = self.ldr = 0
        self.dfr = _RESET_DFR
        self.lvt = dict.fromkeys(self.profile.lvt_registers, lvt.RESET)
        self.timer.reset()
        self.services.changes.configuration = True
        self.services.changes.timers.add(self.cpu)

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
        self.services.changes.configuration = True
        self.services.record(ApicModeChanged(self.cpu, mode.value))

    def notice_absence(self, offset: int) -> None:
        """Software used *offset* of a page that is not there."""
        if not self.absence_noticed:
            self.services.record(RegisterFaulted(self.cpu, offset, Fault.NOT_DECODED, general_protection=False))
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

    # Sending ("Issuing Interprocessor Interrupts", "SELF IPI Register")

    def send(self, icr: Icr) -> InterruptMessage | None:
        """The message that *icr* makes, or None with the reason recorded. An illegal vector is noticed in ESR."""
        vector = VECTORS[icr.vector]
        x2apic = self.mode is _X2APIC
        reason = reason_not_to_send(icr, self.profile, x2apic)
        if reason is not None:
            self.services.record(SendRefused(self.cpu, vector, icr.delivery_mode, reason))
            self._notice_refusal(icr, reason)
            return None
        if icr.delivery_mode > _LOWEST_PRIORITY and icr.delivery_mode is not _NMI:
            # Of the others nobody's result depends on it: Linux itself leaves level at 0 there.
            for breach in breaches(icr):
                self.services.record(CommandQuestioned(self.cpu, vector, icr.delivery_mode, breach))
        self.sends_in_flight += 1
        return InterruptMessage(
            self.services.numbers.take(),
            _IPI,
            self.cpu,
            vector,
            icr.delivery_mode,
            icr.destination_mode,
            icr.shorthand,
            icr.destination,
            _EDGE if self.profile.level_triggered_ipis is _NORMALISED else _kept_trigger(icr),
            x2apic,
        )

    def _notice_refusal(self, icr: Icr, reason: Reason) -> None:
        if reason is Reason.LOWEST_PRIORITY_UNSUPPORTED:
            self.notice_error(ESR_REDIRECTABLE_IPI)
        elif reason is Reason.ILLEGAL_VECTOR:
            self.notice_error(ESR_SEND_ILLEGAL_VECTOR)
            if icr.shorthand is Shorthand.SELF:  # sender and receiver are one
                self.notice_error(ESR_RECEIVE_ILLEGAL_VECTOR)

    def send_ended(self, *, taken: bool, retried: bool) -> None:
        """The bus is done with an IPI of this APIC. *taken*: somebody took it. *retried*: the bus will try again."""
        if not retried and self.sends_in_flight:
            self.sends_in_flight -= 1
        if not taken and self.profile.apic_bus_errors is ApicBusErrors.SEND_ACCEPT:
            self.notice_error(ESR_SEND_ACCEPT)

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
        refused = Refused(self.cpu, message.vector, message.delivery_mode, reason, message.number)
        self.services.ledger.book(refused)
        return _REFUSED

    def request(self, vector: Vector, mode: DeliveryMode, trigger: TriggerMode, number: int | None) -> Outcome:
        """Sets the IRR bit of a legal *vector*, and TMR to say how. ``number`` is None for a local source."""
        book = self.services.ledger.book
        if vector in self.irr:
            if self.retries:
                book(Retried(self.cpu, vector, mode, number))
                return _RETRIED
            self.coalesced[vector] = self.coalesced.get(vector, 0) + 1
            self.tmr.assign(vector, trigger is _LEVEL)
            book(Merged(self.cpu, vector, mode, number))
            return _MERGED
        self.irr.set(vector)
        self.tmr.assign(vector, trigger is _LEVEL)
        book(Accepted(self.cpu, vector, mode, trigger, number))
        return _ACCEPTED

    def request_local(self, register: Register, trigger: TriggerMode = _EDGE) -> Outcome:
        """The unmasked fixed LVT entry *register* requests its vector, or finds it illegal."""
        vector = VECTORS[self.lvt[register] & 0xFF]
        if vector < FIRST_LEGAL_VECTOR:
            self.notice_error(ESR_RECEIVE_ILLEGAL_VECTOR)
            return _REFUSED
        outcome = self.request(vector, _FIXED, trigger, None)
        if outcome is _RETRIED:
            self.retried_sources.add(register)
        return outcome

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

    def ppr_with(self, tpr: int) -> int:
        """What PPR would be if TPR were *tpr*."""
        vector = self.isr.highest()
        return tpr if vector is None or vector >> 4 <= tpr >> 4 else vector & 0xF0

    @property
    def apr(self) -> int:
        """Arbitration priority, which only the P6 family has ("Arbitration Priority Register (APR)")."""
        requested, in_service, task = (self.irr.highest() or 0) >> 4, (self.isr.highest() or 0) >> 4, self.tpr >> 4
        if task >= requested and task > in_service:
            return self.tpr
        return max(task & in_service, requested) << 4

    def deliverable(self) -> Vector | None:
        """The vector that the CPU would get now, or None. Strictly higher class than PPR wins, equal class waits."""
        requested = self.irr.bits
        if not requested or (self.blocked_while_disabled and not self.svr & SVR_ENABLE):
            return None
        vector = VECTORS[requested.bit_length() - 1]
        priority = vector >> 4
        if self.isr.bits >> (priority << 4) or self.tpr >> 4 >= priority:  # as high a class is in service, or asked for
            return None
        return vector

    # Acknowledge ("Interrupt Acceptance for Fixed Interrupts", "Spurious Interrupt")

    def acknowledge(self) -> Vector:
        """The CPU takes an interrupt: IRR to ISR. The spurious vector if none is deliverable."""
        vector = self.deliverable()
        if vector is None:
            spurious = self.spurious_vector
            self.services.record(SpuriousDelivered(self.cpu, spurious))
            return spurious
        self.irr.clear(vector)
        self.coalesced.pop(vector, None)
        self.isr.set(vector)
        self.services.record(_acknowledged(self.cpu, vector))
        return vector

    @property
    def spurious_vector(self) -> Vector:
        """SVR bits 7:0."""
        return VECTORS[self.svr & 0xFF]

    # End ("Signaling Interrupt Servicing Completion")

    def end_interrupt(self) -> EoiBroadcast | None:
        """EOI: clears the highest ISR bit and tells the I/O APICs of a level-triggered one. TMR stays as it is."""
        in_service = self.isr.bits
        if not in_service:
            self.services.record(EoiWithoutInterrupt(self.cpu))
            return None
        vector = VECTORS[in_service.bit_length() - 1]
        self.isr.clear(vector)
        self.services.record(_interrupt_ended(self.cpu, vector))
        if vector not in self.tmr:
            return None
        if self.svr & SVR_SUPPRESS_EOI_BROADCAST:
            self.services.record(EoiBroadcastSuppressed(self.cpu, vector))
            return None
        return EoiBroadcast(self.services.numbers.take(), self.cpu, vector)

    # Errors ("Error Handling")

    def notice_error(self, bit: int) -> None:
        """Sets a bit in the pending half of ESR and raises the LVT error entry when the bit is new."""
        if self.esr_pending & bit:
            return
        self.esr_pending |= bit
        self.services.record(ErrorNoticed(self.cpu, bit))
        entry = self.lvt[Register.LVT_ERROR]
        if entry & lvt.MASKED:
            return
        if entry & 0xFF >= FIRST_LEGAL_VECTOR:
            self.request_local(Register.LVT_ERROR)
        elif not self.esr_pending & ESR_RECEIVE_ILLEGAL_VECTOR:
            # Its own vector is illegal too: say so, but do not raise the entry again for that.
            self.esr_pending |= ESR_RECEIVE_ILLEGAL_VECTOR
            self.services.record(ErrorNoticed(self.cpu, ESR_RECEIVE_ILLEGAL_VECTOR))


# What an APIC does not send ("Interrupt Command Register (ICR)")


@lru_cache(maxsize=4096)
def reason_not_to_send(icr: Icr, profile: Profile, x2apic: bool) -> Reason | None:
    """Why an APIC of *profile* sends nothing for *icr*; None when it sends."""
    mode = icr.delivery_mode
    if mode not in VALID_DELIVERY_MODES[Shorthand.NONE]:
        return Reason.RESERVED_DELIVERY_MODE
    if mode is DeliveryMode.LOWEST_PRIORITY and not _sends_lowest_priority(profile, x2apic):
        return Reason.LOWEST_PRIORITY_UNSUPPORTED
    if icr.vector < FIRST_LEGAL_VECTOR and mode <= DeliveryMode.LOWEST_PRIORITY:
        return Reason.ILLEGAL_VECTOR
    if is_init_level_deassert(icr):  # whatever its shorthand: the manual asks for "all including self"
        return Reason.INIT_DEASSERT
    if mode not in VALID_DELIVERY_MODES[icr.shorthand]:
        return Reason.INVALID_COMBINATION
    return _not_as_it_stands(icr, profile, x2apic)


def _sends_lowest_priority(profile: Profile, x2apic: bool) -> bool:
    match profile.lowest_priority_ipis:
        case LowestPriorityIpis.SUPPORTED:
            return True
        case LowestPriorityIpis.NOT_IN_X2APIC:
            return not x2apic
        case LowestPriorityIpis.UNSUPPORTED:
            return False
        case unknown:
            assert_never(unknown)


def _not_as_it_stands(icr: Icr, profile: Profile, x2apic: bool) -> Reason | None:
    """What is valid in the manual's table and still not sent."""
    broadcast = X2APIC_BROADCAST if x2apic else XAPIC_BROADCAST
    if (
        icr.delivery_mode is DeliveryMode.LOWEST_PRIORITY
        and (icr.shorthand, icr.destination_mode, icr.destination)
        == (Shorthand.NONE, DestinationMode.PHYSICAL, broadcast)
        and profile.lowest_priority_broadcast is LowestPriorityBroadcast.REFUSED
    ):
        return Reason.LOWEST_PRIORITY_BROADCAST
    kept = profile.level_triggered_ipis is LevelTriggeredIpis.KEPT_UNLESS_DEASSERTED
    if kept and _kept_trigger(icr) is _LEVEL and not icr.level:
        return Reason.LEVEL_DEASSERT
    return None


def _kept_trigger(icr: Icr) -> TriggerMode:
    """Level means something for fixed and lowest-priority delivery only."""
    return icr.trigger_mode if icr.delivery_mode <= DeliveryMode.LOWEST_PRIORITY else _EDGE
