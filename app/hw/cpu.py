"""One CPU, as far as interrupts see it: run state, interrupt flag, and the signals that by-pass IRR.

Source: SDM vol. 3, "Interrupt Acceptance", "MP Initialization Protocol", "Handling Multiple NMIs".
"""

from collections.abc import Callable
from enum import Enum

from app.hw.events import Accepted, Event, InitPerformed, Merged, NmiTaken, Reason, Refused, SmiTaken, Started
from app.hw.local_apic import ApicMode, LocalApic
from app.hw.messages import InterruptMessage, Origin
from app.x86.icr import DeliveryMode


class RunState(Enum):
    """What the CPU does when no interrupt wants it."""

    RUNNING = "running"
    HALTED = "halted"
    WAIT_FOR_SIPI = "wait_for_sipi"


_FIXED = DeliveryMode.FIXED  # what nearly every message is
#: NMIs that can wait: one behind the handler that runs; otherwise one that is about to be taken and one behind it.
#: Further ones are lost in those ("Handling Multiple NMIs").
_WHILE_RUNNING, _OTHERWISE = 1, 2


class Cpu:
    """CPU number ``number`` with its local APIC. CPU 0 is the bootstrap processor."""

    __slots__ = (
        "apic",
        "interrupt_flag",
        "nmi_count",
        "nmi_pending",
        "nmi_running",
        "number",
        "record",
        "run_state",
        "smi_count",
        "starts",
    )

    def __init__(self, number: int, apic: LocalApic, record: Callable[[Event], None]) -> None:
        self.number = number
        self.apic = apic
        self.record = record
        self.run_state = RunState.RUNNING
        self.interrupt_flag = False
        self.nmi_pending = 0
        self.nmi_running = False
        #: NMIs taken since the machine was made.
        self.nmi_count = 0
        self.smi_count = 0
        #: How often INIT or a start-up IPI began this CPU anew: whoever runs its code compares and starts over.
        self.starts = 0

    @property
    def bootstrap(self) -> bool:
        return self.number == 0

    def receive(self, message: InterruptMessage) -> bool:
        """A message of the bus has this CPU as target. True when it was accepted or merged."""
        mode = message.delivery_mode
        if mode is _FIXED:
            return self.apic.accept(message)
        match mode:
            case DeliveryMode.FIXED | DeliveryMode.LOWEST_PRIORITY:
                return self.apic.accept(message)
            case _ if self.apic.mode is ApicMode.DISABLED:
                return self._refuse(message, Reason.APIC_DISABLED)
            case DeliveryMode.NMI:
                return self._latch_nmi(message)
            case DeliveryMode.SMI:
                self._accepted(message)
                self.smi_count += 1
                self.record(SmiTaken(self.number))
                return True
            case DeliveryMode.INIT:
                self._accepted(message)
                self._perform_init()
                return True
            case DeliveryMode.STARTUP if message.origin is Origin.IPI:
                return self._start(message)
            case DeliveryMode.EXTINT:
                return self._refuse(message, Reason.NO_INTERRUPT_CONTROLLER)
            case DeliveryMode.STARTUP | DeliveryMode.RESERVED_3:
                return self._refuse(message, Reason.RESERVED_DELIVERY_MODE)

    def _accepted(self, message: InterruptMessage) -> None:
        self.record(Accepted(self.number, message.vector, message.delivery_mode, message.trigger_mode, message.number))

    def _refuse(self, message: InterruptMessage, reason: Reason) -> bool:
        self.record(Refused(self.number, message.vector, message.delivery_mode, reason, message.number))
        return False

    def _latch_nmi(self, message: InterruptMessage) -> bool:
        if self.nmi_pending >= (_WHILE_RUNNING if self.nmi_running else _OTHERWISE):
            self.record(Merged(self.number, message.vector, message.delivery_mode, message.number))
        else:
            self.nmi_pending += 1
            self._accepted(message)
        return True

    def _perform_init(self) -> None:
        """INIT: APIC and CPU as after reset; the bootstrap processor begins at its reset vector, the others wait."""
        self.apic.reset_by_init()
        self.interrupt_flag = False
        self.nmi_pending = 0
        self.nmi_running = False
        self.run_state = RunState.RUNNING if self.bootstrap else RunState.WAIT_FOR_SIPI
        self.starts += 1
        self.record(InitPerformed(self.number, not self.bootstrap))

    def _start(self, message: InterruptMessage) -> bool:
        if self.run_state is not RunState.WAIT_FOR_SIPI:
            return self._refuse(message, Reason.NOT_WAITING_FOR_SIPI)
        self._accepted(message)
        self.run_state = RunState.RUNNING
        self.starts += 1
        self.record(Started(self.number, message.vector << 12))
        return True

    # At an instruction boundary

    def nmi_deliverable(self) -> bool:
        return self.nmi_pending > 0 and not self.nmi_running and self.run_state is not RunState.WAIT_FOR_SIPI

    def take_nmi(self) -> None:
        """Enters the NMI handler; further NMIs wait until its IRET."""
        self.nmi_pending -= 1
        self.nmi_running = True
        self.nmi_count += 1
        self.record(NmiTaken(self.number))

    def interrupt_deliverable(self) -> bool:
        """Whether the CPU would take an interrupt at the next instruction boundary."""
        return (
            self.interrupt_flag and self.apic.deliverable() is not None and self.run_state is not RunState.WAIT_FOR_SIPI
        )
