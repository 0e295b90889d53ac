"""One local APIC: its state, and how it accepts, orders and ends interrupts.

Source: SDM vol. 3, chapter "Advanced Programmable Interrupt Controller (APIC)". Section titles stand at each rule.
What software reads and writes is in ``register_access``. The APIC knows no other device: a send returns the message,
and what it notices goes to the ``record`` that it was given.

Not modelled yet: system-management mode, focus processor, the P6 arbitration bus, TSC-deadline, thermal sensor,
performance counters.
"""

from collections.abc import Callable
from enum import Enum
from functools import lru_cache

from app.hw.clock import Clock
from app.hw.events import (
    Accepted,
    Acknowledged,
    EoiWithoutInterrupt,
    ErrorNoticed,
    Event,
    InterruptEnded,
    Merged,
    Reason,
    Refused,
    SendRefused,
    SpuriousDelivered,
)
from app.hw.messages import EoiBroadcast, InterruptMessage, MessageNumbers, Origin
from app.hw.timer import Timer
from app.x86 import lvt
from app.x86.icr import (
    VALID_DELIVERY_MODES,
    DeliveryMode,
    Icr,
    Shorthand,
    TriggerMode,
    is_init_level_deassert,
)
from app.x86.registers import SVR_ENABLE, Register
from app.x86.vectors import FIRST_LEGAL_VECTOR, VectorBitmap

# Equal events are made over and over: fetching one costs a quarter of making one.
_acknowledged = lru_cache(4096)(Acknowledged)
_interrupt_ended = lru_cache(4096)(InterruptEnded)
# And Python 3.11 takes its time to find a member of an enum: what every interrupt asks for is looked up once.
_IPI = Origin.IPI
_FIXED, _LOWEST_PRIORITY, _EDGE, _LEVEL = (
    DeliveryMode.FIXED,
    DeliveryMode.LOWEST_PRIORITY,
    TriggerMode.EDGE,
    TriggerMode.LEVEL,
)
_VALID_WITHOUT_SHORTHAND = VALID_DELIVERY_MODES[Shorthand.NONE]

ESR_SEND_ILLEGAL_VECTOR = 1 << 5
ESR_RECEIVE_ILLEGAL_VECTOR = 1 << 6
ESR_ILLEGAL_REGISTER_ADDRESS = 1 << 7

#: Local vector table entries of this APIC, in the order of their addresses.
LVT_REGISTERS = (
    Register.LVT_TIMER,
    Register.LVT_THERMAL,
    Register.LVT_PERFORMANCE,
    Register.LVT_LINT0,
    Register.LVT_LINT1,
    Register.LVT_ERROR,
)


class ApicMode(Enum):
    """What IA32_APIC_BASE selects (SDM vol. 3, "x2APIC States")."""

    DISABLED = "disabled"
    XAPIC = "xapic"
    X2APIC = "x2apic"


_DISABLED, _X2APIC = ApicMode.DISABLED, ApicMode.X2APIC


class LocalApic:
    """The APIC of CPU number ``cpu``."""

    __slots__ = (
        "apic_id",
        "clock",
        "coalesced",
        "cpu",
        "dfr",
        "esr",
        "esr_pending",
        "icr",
        "irr",
        "isr",
        "ldr",
        "lvt",
        "mode",
        "numbers",
        "record",
        "sends_in_flight",
        "svr",
        "timer",
        "tmr",
        "tpr",
    )

    def __init__(
        self, cpu: int, apic_id: int, clock: Clock, numbers: MessageNumbers, record: Callable[[Event], None]
    ) -> None:
        self.cpu = cpu
        self.apic_id = apic_id
        self.clock = clock
        self.numbers = numbers
        self.record = record
        self.mode = ApicMode.XAPIC
        self.irr = VectorBitmap()
        self.isr = VectorBitmap()
        self.tmr = VectorBitmap()
        #: Vectors that were requested again while already requested. No register: for watchers only.
        self.coalesced = VectorBitmap()
        self.timer = Timer()
        self.lvt: dict[int, int] = {}
        self.sends_in_flight = 0
        self._reset_registers()

    def _reset_registers(self) -> None:
        self.irr.clear_all()
        self.isr.clear_all()
        self.tmr.clear_all()
        self.coalesced.clear_all()
        self.tpr = 0
        self.svr = 0xFF
        self.esr = 0
        self.esr_pending = 0
        self.icr = 0
        self.ldr = 0
        self.dfr = 0xFFFF_FFFF
        self.lvt = dict.fromkeys(LVT_REGISTERS, lvt.RESET)
        self.timer.reset()

    def reset_by_init(self) -> None:
        """INIT: registers as after power-up; APIC ID and mode stay ("Local APIC State After It Receives an INIT")."""
        self._reset_registers()

    def set_mode(self, mode: ApicMode) -> None:
        """Puts the APIC into *mode* with registers as after power-up ("x2APIC State Transitions")."""
        self.mode = mode
        self._reset_registers()

    # Identity ("Determining IPI Destination")

    @property
    def x2apic(self) -> bool:
        return self.mode is ApicMode.X2APIC

    @property
    def software_enabled(self) -> bool:
        return bool(self.svr & SVR_ENABLE)

    @property
    def logical_id(self) -> int:
        """LDR as software reads it; in x2APIC mode derived from the ID ("Deriving Logical x2APIC ID")."""
        if self.mode is ApicMode.X2APIC:
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
        if not requested or not self.svr & SVR_ENABLE:
            return None
        vector = requested.bit_length() - 1
        return vector if vector >> 4 > self.ppr >> 4 else None

    # Acceptance ("Interrupt Acceptance for Fixed Interrupts")

    def accept(self, message: InterruptMessage) -> bool:
        """A fixed or lowest-priority message has arrived. True when it is now requested (newly or already)."""
        if self.mode is _DISABLED:
            return self._refuse(message, Reason.APIC_DISABLED)
        if not self.svr & SVR_ENABLE:
            return self._refuse(message, Reason.SOFTWARE_DISABLED)
        if message.vector < FIRST_LEGAL_VECTOR:
            self.notice_error(ESR_RECEIVE_ILLEGAL_VECTOR)
            return self._refuse(message, Reason.ILLEGAL_VECTOR)
        self._request(message.vector, message.delivery_mode, message.trigger_mode, message.number)
        return True

    def _refuse(self, message: InterruptMessage, reason: Reason) -> bool:
        self.record(Refused(self.cpu, message.vector, message.delivery_mode, reason, message.number))
        return False

    def _request(self, vector: int, mode: DeliveryMode, trigger: TriggerMode, number: int | None) -> None:
        merged = vector in self.irr
        self.irr.set(vector)
        self.tmr.assign(vector, trigger is _LEVEL)
        if merged:
            self.coalesced.set(vector)
            self.record(Merged(self.cpu, vector, mode, number))
        else:
            self.record(Accepted(self.cpu, vector, mode, trigger, number))

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
        return EoiBroadcast(self.numbers.take(), self.cpu, vector) if vector in self.tmr else None

    # Sending ("Issuing Interprocessor Interrupts")

    def send(self, icr: Icr) -> InterruptMessage | None:
        """The message that *icr* makes, or None with the reason recorded."""
        reason = self._reason_not_to_send(icr)
        if reason is not None:
            self.record(SendRefused(self.cpu, icr.vector, icr.delivery_mode, reason))
            return None
        self.sends_in_flight += 1
        return InterruptMessage(
            self.numbers.take(),
            _IPI,
            self.cpu,
            icr.vector,
            icr.delivery_mode,
            icr.destination_mode,
            icr.shorthand,
            icr.destination,
            _EDGE,  # level-triggered IPIs went with the Pentium ("ICR", trigger mode)
            self.mode is _X2APIC,
        )

    def _reason_not_to_send(self, icr: Icr) -> Reason | None:
        mode = icr.delivery_mode
        if mode not in _VALID_WITHOUT_SHORTHAND:
            return Reason.RESERVED_DELIVERY_MODE
        if icr.vector < FIRST_LEGAL_VECTOR and mode in (_FIXED, _LOWEST_PRIORITY):
            self.notice_error(ESR_SEND_ILLEGAL_VECTOR)
            return Reason.ILLEGAL_VECTOR
        if mode not in VALID_DELIVERY_MODES[icr.shorthand]:
            return Reason.INVALID_COMBINATION
        if is_init_level_deassert(icr):
            return Reason.INIT_DEASSERT
        return None

    # Local sources ("Local Vector Table", "Error Handling")

    def notice_error(self, bit: int) -> None:
        """Sets a bit in the pending half of ESR and raises the LVT error entry when the bit is new."""
        if self.esr_pending & bit:
            return
        self.esr_pending |= bit
        self.record(ErrorNoticed(self.cpu, bit))
        if self.lvt[Register.LVT_ERROR] & 0xFF >= FIRST_LEGAL_VECTOR:
            self.raise_local(Register.LVT_ERROR)
        elif not self.lvt[Register.LVT_ERROR] & lvt.MASKED:
            # Its own vector is illegal too: say so, but do not raise the entry again for that.
            self.esr_pending |= ESR_RECEIVE_ILLEGAL_VECTOR

    def raise_local(self, register: Register) -> bool:
        """A local source with fixed delivery fires. False when its LVT entry is masked or the vector is illegal."""
        entry = self.lvt[register]
        if entry & lvt.MASKED or self.mode is ApicMode.DISABLED:
            return False
        vector = entry & 0xFF
        if vector < FIRST_LEGAL_VECTOR:
            self.notice_error(ESR_RECEIVE_ILLEGAL_VECTOR)
            return False
        self._request(vector, DeliveryMode.FIXED, TriggerMode.EDGE, None)
        return True
