"""One CPU, as far as interrupts see it: run state, interrupt flag, and the signals that by-pass IRR.

A signal is latched when it arrives and taken at an instruction boundary. Source: SDM vol. 3, "Interrupt Acceptance",
"MP Initialization Protocol", "Handling Multiple NMIs", "Priority Among Concurrent Events", "System Management Mode";
vol. 2, "STI—Set Interrupt Flag".
"""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from app.hw import local_vector_table
from app.hw.events import (
    Accepted,
    InitPerformed,
    Merged,
    NmiTaken,
    Outcome,
    Reason,
    Refused,
    SmiTaken,
    SmmLeft,
    Started,
)
from app.hw.local_apic import LocalApic
from app.hw.messages import InterruptMessage, Origin
from app.hw.services import Services
from app.x86.icr import DeliveryMode, TriggerMode
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.units import Vector
from app.x86.vectors import VECTORS

if TYPE_CHECKING:
    from app.hw.event_channels import EventChannels


class RunState(Enum):
    """What the CPU does when no interrupt wants it."""

    RUNNING = "running"
    HALTED = "halted"
    WAIT_FOR_SIPI = "wait_for_sipi"


class Arrival(Enum):
    """What a CPU takes at an instruction boundary, the most urgent first."""

    SMI = "SMI"
    INIT = "INIT"
    STARTUP = "start-up IPI"
    NMI = "NMI"
    INTERRUPT = "interrupt"

    #: Members are the keys of tables that every interrupt looks into.
    __hash__ = object.__hash__


_FIXED, _LOWEST_PRIORITY = DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY  # what nearly every message is
_WAIT_FOR_SIPI = RunState.WAIT_FOR_SIPI
#: NMIs that can wait: one behind the handler that runs; otherwise one that is about to be taken and one behind it.
#: Further ones are lost in those ("Handling Multiple NMIs").
_WHILE_RUNNING, _OTHERWISE = 1, 2


class Cpu:
    """CPU number ``number`` with its local APIC. ``inta`` is the acknowledge cycle to the 8259."""

    STATE = (
        *("held_off", "interrupt_flag", "interrupt_shadow", "run_state", "starts"),
        *("external_pending", "init_pending", "signalled", "sipi_pending"),
        *("nmi_count", "nmi_pending", "nmi_running"),
        *("_flag_before_smm", "in_smm", "smi_pending"),
    )
    WIRES = ("_inta", "apic", "event_channels", "number", "services")
    __slots__ = (*STATE, *WIRES)

    def __init__(self, number: int, apic: LocalApic, services: Services, inta: Callable[[int], Vector]) -> None:
        self.number = number
        self.apic = apic
        self.services = services
        self._inta = inta
        #: Where interrupts go when the guest has no APIC.
        self.event_channels: EventChannels | None = None
        self.run_state = RunState.RUNNING
        #: IF as the CPU's own code has set it.
        self.interrupt_flag = False
        #: Somebody outside the machine keeps interrupts out, whatever IF is; the code cannot see that.
        self.held_off = False
        #: The instruction behind an STI: nothing is taken before it has ended.
        self.interrupt_shadow = False
        self.nmi_pending = 0
        self.nmi_running = False
        self.smi_pending = False
        self.in_smm = False
        self._flag_before_smm = False
        self.init_pending = False
        #: Vector of a start-up IPI that has arrived and is not yet taken.
        self.sipi_pending: Vector | None = None
        #: An ExtINT message has come: the next interrupt is the 8259's.
        self.external_pending = False
        #: Whether any of the above may want the CPU: a quick look before a thorough one.
        self.signalled = False
        #: NMIs taken since the machine was made.
        self.nmi_count = 0
        #: How often INIT or a start-up IPI began this CPU anew: whoever runs its code compares and starts over.
        self.starts = 0

    @property
    def bootstrap(self) -> bool:
        return self.number == 0

    @property
    def interrupts_open(self) -> bool:
        """Whether interrupts are let in: IF is 1, and nobody holds them off."""
        return self.interrupt_flag and not self.held_off

    # Messages

    def receive(self, message: InterruptMessage) -> Outcome:
        """A message of the bus has this CPU as target."""
        mode = message.delivery_mode
        if mode is _FIXED or mode is _LOWEST_PRIORITY:
            return (self.event_channels or self.apic).accept(message)
        if self.apic.mode is ApicMode.DISABLED:
            return self._refuse(message, Reason.APIC_DISABLED)
        if mode is DeliveryMode.STARTUP and message.origin is Origin.IPI:
            return self._receive_startup(message)
        if mode in (DeliveryMode.STARTUP, DeliveryMode.RESERVED_3):
            return self._refuse(message, Reason.RESERVED_DELIVERY_MODE)
        return self._signal(mode, message.vector, message.number)

    def _refuse(self, message: InterruptMessage, reason: Reason) -> Outcome:
        self.services.ledger.book(Refused(self.number, message.vector, message.delivery_mode, reason, message.number))
        return Outcome.REFUSED

    def _receive_startup(self, message: InterruptMessage) -> Outcome:
        """Only a CPU that waits for it, or is about to, takes a start-up IPI; it is not latched beyond that."""
        reason = self.why_no_startup()
        if reason is not None:
            return self._refuse(message, reason)
        merged, self.sipi_pending = self.sipi_pending is not None, message.vector
        return self._latched(message.delivery_mode, message.vector, message.number, merged)

    def why_no_startup(self) -> Reason | None:
        """Why the CPU takes no start-up IPI; None when it does."""
        if self.in_smm:
            return Reason.IN_SMM
        if self.run_state is _WAIT_FOR_SIPI or (self.init_pending and not self.bootstrap):
            return None
        if self.bootstrap:
            return Reason.NEVER_WAITS_FOR_SIPI
        halted = self.run_state is RunState.HALTED
        return Reason.HALTED_AND_NOT_WAITING if halted else Reason.NOT_WAITING_FOR_SIPI

    def _signal(self, mode: DeliveryMode, vector: Vector, number: int | None) -> Outcome:
        """Latches an NMI, SMI, INIT or ExtINT."""
        match mode:
            case DeliveryMode.NMI:
                merged = self.nmi_pending >= (_WHILE_RUNNING if self.nmi_running else _OTHERWISE)
                self.nmi_pending += not merged
            case DeliveryMode.SMI:
                merged, self.smi_pending = self.smi_pending, True
            case DeliveryMode.EXTINT:
                merged, self.external_pending = self.external_pending, True
            case _:
                merged, self.init_pending = self.init_pending, True
                self.sipi_pending = None  # INIT throws an untaken start-up IPI away
        return self._latched(mode, vector, number, merged)

    def _latched(self, mode: DeliveryMode, vector: Vector, number: int | None, merged: bool) -> Outcome:
        self.signalled = True
        if merged:
            self.services.ledger.book(Merged(self.number, vector, mode, number))
            return Outcome.MERGED
        held = self.in_smm and mode is not DeliveryMode.EXTINT
        self.services.ledger.book(Accepted(self.number, vector, mode, TriggerMode.EDGE, number, in_smm=held))
        return Outcome.ACCEPTED

    # Local sources

    def fire_local(self, register: Register) -> None:
        """The source of this LVT entry fires: thermal sensor, performance counters, CMCI."""
        self._latch_local(local_vector_table.fire(self.apic, register), register)

    def drive_lint(self, pin: int, level: int) -> None:
        """Something sets LINT0 or LINT1."""
        register = local_vector_table.LINT_REGISTERS[pin]
        self._latch_local(local_vector_table.drive_lint(self.apic, pin, level), register)
        self.look_at_signals()

    def _latch_local(self, mode: DeliveryMode | None, register: Register) -> None:
        if mode is not None:
            self._signal(mode, VECTORS[self.apic.lvt[register] & 0xFF], None)

    def look_at_signals(self) -> None:
        """Sees whether anything may want the CPU, once a signal has gone or a pin has changed."""
        self.signalled = bool(
            self.nmi_pending
            or self.smi_pending
            or self.init_pending
            or self.sipi_pending is not None
            or self.external_pending
            or any(self.apic.lint_lines)
        )

    # At an instruction boundary

    def next_arrival(self) -> Arrival | None:
        """What the CPU takes at this boundary, if anything."""
        if self.interrupt_shadow:
            return None
        if self.run_state is _WAIT_FOR_SIPI or self.in_smm:
            return self._next_while_closed()
        if self.smi_pending:
            return Arrival.SMI
        if self.init_pending:
            return Arrival.INIT
        if self.nmi_pending and not self.nmi_running:
            return Arrival.NMI
        return Arrival.INTERRUPT if self._interrupt_wanted() else None

    def _next_while_closed(self) -> Arrival | None:
        """In system-management mode only interrupts come in, if its code turns them on; a CPU that waits takes INIT and
        start-up IPI."""
        if self.in_smm:
            return Arrival.INTERRUPT if self._interrupt_wanted() else None
        if self.init_pending:
            return Arrival.INIT
        return Arrival.STARTUP if self.sipi_pending is not None else None

    def _interrupt_wanted(self) -> bool:
        if not self.interrupt_flag or self.held_off:
            return False
        receiver = self.event_channels or self.apic
        return receiver.deliverable() is not None or (self.signalled and self.external_requested())

    def external_requested(self) -> bool:
        """Whether the 8259 asks for this CPU: the next interrupt is its, before any of the APIC."""
        return self.signalled and (self.external_pending or local_vector_table.external_requested(self.apic))

    def nmi_deliverable(self) -> bool:
        return self.next_arrival() is Arrival.NMI

    def interrupt_deliverable(self) -> bool:
        """Whether the CPU would take an interrupt at the next instruction boundary."""
        return self.next_arrival() is Arrival.INTERRUPT

    def take_interrupt(self) -> Vector:
        """INTA: an ExtINT's vector comes from the 8259, any other from the APIC. Returns the vector."""
        if self.external_requested():
            self.external_pending = False
            vector = self._inta(self.number)
            self.look_at_signals()
            return vector
        if self.event_channels is not None:
            port = self.event_channels.acknowledge()
            return self.apic.spurious_vector if port is None else port
        vector = self.apic.acknowledge()
        if self.apic.retried_sources:
            local_vector_table.request_again(self.apic, vector)
        return vector

    def take_nmi(self) -> None:
        """Enters the NMI handler; further NMIs wait until its IRET."""
        self.nmi_pending -= 1
        self.nmi_running = True
        self.nmi_count += 1
        self.look_at_signals()
        self.services.record(NmiTaken(self.number))

    def return_from_nmi(self) -> None:
        """IRET at the end of the NMI handler."""
        self.nmi_running = False

    def take_smi(self) -> None:
        """Enters system-management mode, with interrupts off, until RSM."""
        self.smi_pending = False
        self.in_smm = True
        self._flag_before_smm, self.interrupt_flag = self.interrupt_flag, False
        self.look_at_signals()
        self.services.record(SmiTaken(self.number))

    def resume(self) -> None:
        """RSM: what was held off meanwhile is taken now."""
        self.in_smm = False
        self.interrupt_flag = self._flag_before_smm
        self.interrupt_shadow = False
        self.services.record(SmmLeft(self.number))

    # INIT and start-up ("MP Initialization Protocol")

    def take_resets(self) -> None:
        """Takes a latched INIT, and the start-up IPI behind it, unless system-management mode holds them off."""
        while (arrival := self.next_arrival()) in (Arrival.INIT, Arrival.STARTUP):
            if arrival is Arrival.INIT:
                self._perform_init()
            else:
                self._start()

    def _perform_init(self) -> None:
        """APIC and CPU as after reset; the bootstrap processor begins at its reset vector, the others wait."""
        self.apic.reset_by_init()
        self.interrupt_flag = False
        self.interrupt_shadow = False
        self.nmi_pending = 0
        self.nmi_running = False
        self.smi_pending = False
        self.init_pending = False
        self.external_pending = False
        self.run_state = RunState.RUNNING if self.bootstrap else _WAIT_FOR_SIPI
        self.starts += 1
        self.look_at_signals()
        self.services.record(InitPerformed(self.number, not self.bootstrap))

    def _start(self) -> None:
        assert self.sipi_pending is not None
        vector, self.sipi_pending = self.sipi_pending, None
        self.run_state = RunState.RUNNING
        self.starts += 1
        self.look_at_signals()
        self.services.record(Started(self.number, vector << 12))

    # Instructions

    def enable_interrupts(self) -> None:
        """STI: interrupts are on after the *next* instruction, and that one is not interrupted at all."""
        if not self.interrupt_flag:
            self.interrupt_flag = True
            self.interrupt_shadow = True

    def disable_interrupts(self) -> None:
        """CLI."""
        self.interrupt_flag = False
        self.interrupt_shadow = False

    def instruction_ended(self) -> None:
        """An instruction behind an STI has ended."""
        self.interrupt_shadow = False
