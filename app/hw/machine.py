"""A machine: CPUs with local APICs, one I/O APIC, and the messages between them.

Devices return messages; the machine keeps them in ``outbox`` until its driver says that they arrive (``deliver``).
``settle`` lets everything arrive at once, for those who care only about the outcome.
"""

from collections.abc import Callable, Iterator

from app.hw import bus
from app.hw.clock import Clock
from app.hw.cpu import Cpu, RunState
from app.hw.events import Event, Fault, InterruptFlagChanged, MessageSent, MsiIgnored, NoTarget, Reason
from app.hw.io_apic import IoApic
from app.hw.local_apic import ApicMode, LocalApic
from app.hw.messages import BusMessage, EoiBroadcast, InterruptMessage, MessageNumbers, Origin
from app.hw.register_access import read_register, write_register
from app.x86.icr import DeliveryMode, DestinationMode, Shorthand, TriggerMode
from app.x86.msi import decode_msi
from app.x86.redirection import IoApicRegister
from app.x86.registers import Register
from app.x86.vectors import FIRST_LEGAL_VECTOR

#: APIC ID 255 is the xAPIC broadcast, so that is where the numbers of xAPIC CPUs end.
MAX_CPUS = 255
# Python 3.11 takes its time to find a member of an enum.
_IPI, _INIT, _LOWEST_PRIORITY = Origin.IPI, DeliveryMode.INIT, DeliveryMode.LOWEST_PRIORITY
_IDENTITY_REGISTERS = frozenset({Register.ID, Register.LDR, Register.DFR})
_TIMER_REGISTERS = frozenset({Register.LVT_TIMER, Register.TIMER_INITIAL_COUNT, Register.TIMER_DIVIDE})


class Machine:
    """``cpu_count`` CPUs with APIC IDs 0, 1, 2 …, after power-up: software-disabled APICs, interrupts off."""

    def __init__(
        self, cpu_count: int, mode: ApicMode = ApicMode.XAPIC, record: Callable[[Event], None] | None = None
    ) -> None:
        """What happens goes to *record*, or else into ``events``. ValueError for an impossible *cpu_count*."""
        if not 1 <= cpu_count <= MAX_CPUS:
            raise ValueError(f"a machine has 1 to {MAX_CPUS} CPUs, not {cpu_count}")
        self.clock = Clock()
        self.events: list[Event] = []
        self.outbox: list[BusMessage] = []
        self._numbers = MessageNumbers()
        self._turn = 0
        # Who a destination names, until an APIC changes its address: matching every APIC for every message is slow.
        self._addressed: dict[bus.Address, list[Cpu]] = {}
        #: Messages sent and not yet delivered, in the outbox or wherever the driver keeps them.
        self.undelivered = 0
        #: A write may have changed when the next timer expires. Whoever keeps the time clears it.
        self.timers_changed = False
        self._record = record = record or self.events.append
        self.cpus = [
            Cpu(number, LocalApic(number, number, self.clock, self._numbers, record), record)
            for number in range(cpu_count)
        ]
        for cpu in self.cpus:
            cpu.apic.mode = mode
        self.io_apic = IoApic(self._numbers, record)

    # What software does

    def read_register(self, cpu: int, offset: int) -> int | Fault:
        return read_register(self.cpus[cpu].apic, offset)

    def write_register(self, cpu: int, offset: int, value: int) -> Fault | None:
        """A message that the write sends goes to ``outbox``."""
        if offset in _TIMER_REGISTERS:
            self.timers_changed = True
        elif offset in _IDENTITY_REGISTERS:
            self._addressed.clear()
        effect = write_register(self.cpus[cpu].apic, offset, value)
        if effect is None or isinstance(effect, Fault):
            return effect
        self._post(effect)
        return None

    def read_io_apic(self, index: int) -> int:
        self.io_apic.select = index & 0xFF
        return self.io_apic.read_window()

    def write_io_apic(self, index: int, value: int) -> None:
        self.io_apic.select = index & 0xFF
        self.write_io_apic_window(value)

    def write_redirection_entry(self, pin: int, entry: int) -> None:
        """Writes both halves of a pin's entry, the destination first."""
        self.write_io_apic(IoApicRegister.REDIRECTION + 2 * pin + 1, entry >> 32)
        self.write_io_apic(IoApicRegister.REDIRECTION + 2 * pin, entry & 0xFFFF_FFFF)

    def write_io_apic_window(self, value: int) -> None:
        self._post_all(self.io_apic.write_window(value))

    # What devices do

    def drive_pin(self, pin: int, level: int) -> None:
        self._post_all(self.io_apic.drive(pin, level))

    def send_msi(self, address: int, data: int) -> None:
        """A device writes an interrupt message. ValueError when *address* is not 0xFEExxxxx."""
        msi = decode_msi(address, data)
        mode = msi.delivery_mode
        if msi.trigger_mode is TriggerMode.LEVEL and not msi.level:
            self._record(MsiIgnored(msi.vector, mode, Reason.LEVEL_DEASSERT))
            return
        if msi.redirection_hint and mode is DeliveryMode.FIXED and msi.destination_mode is DestinationMode.LOGICAL:
            mode = DeliveryMode.LOWEST_PRIORITY
        self._post(
            InterruptMessage(
                self._numbers.take(),
                Origin.MSI,
                None,
                msi.vector,
                mode,
                msi.destination_mode,
                Shorthand.NONE,
                msi.destination,
                msi.trigger_mode,
            )
        )

    def set_interrupt_flag(self, cpu: int, enabled: bool) -> None:
        self.cpus[cpu].interrupt_flag = enabled
        self._record(InterruptFlagChanged(cpu, enabled))

    # What travels

    def _post(self, message: BusMessage) -> None:
        self.undelivered += 1
        self.outbox.append(message)
        self._record(MessageSent(message))

    def _post_all(self, messages: list[InterruptMessage]) -> None:
        for message in messages:
            self._post(message)

    def targets(self, message: BusMessage) -> list[int]:
        """The CPUs that *message* would reach now; none for an EOI broadcast, which goes to the I/O APIC."""
        if isinstance(message, EoiBroadcast):
            return []
        return [cpu.number for cpu in self._reached(message)]

    def _reached(self, message: InterruptMessage) -> list[Cpu]:
        address = bus.address_of(message)
        addressed = self._addressed.get(address)
        if addressed is None:
            addressed = self._addressed[address] = bus.addressed(message, self.cpus)
        if message.delivery_mode is _LOWEST_PRIORITY and len(addressed) > 1:
            return [bus.lowest_priority(addressed, self._turn)]
        return addressed

    def deliver(self, message: BusMessage) -> list[Cpu]:
        """*message* has arrived. Returns the CPUs that it was for."""
        self.undelivered -= 1
        if isinstance(message, EoiBroadcast):
            self._post_all(self.io_apic.end_of_interrupt(message.vector))
            return []
        reached = self._reached(message)
        if message.delivery_mode is _LOWEST_PRIORITY:
            self._turn += 1
        accepted = False
        for cpu in reached:
            accepted |= cpu.receive(message)
        if message.delivery_mode is _INIT:
            self._addressed.clear()  # it resets LDR
        if not reached:
            self._record(NoTarget(message.number, message.vector))
        if message.source is not None:
            if message.origin is _IPI:
                self._sender_idle(message.source)
            else:
                self._post_all(self.io_apic.message_arrived(message.source, message, accepted))
        return reached

    def _sender_idle(self, cpu: int) -> None:
        apic = self.cpus[cpu].apic
        apic.sends_in_flight = max(0, apic.sends_in_flight - 1)

    def settle(self) -> None:
        """Lets every message arrive, in the order in which they were sent."""
        while self.outbox:
            self.deliver(self.outbox.pop(0))

    def take_events(self) -> list[Event]:
        """What happened since the last call."""
        events = self.events[:]
        self.events.clear()
        return events

    # Timers

    def next_timer_deadline(self) -> int | None:
        """When the next local timer expires, in TSC cycles."""
        return min(
            (cpu.apic.timer.deadline for cpu in self.cpus if cpu.apic.timer.deadline is not None),
            default=None,
        )

    def expire_timers(self) -> list[Cpu]:
        """Fires every local timer whose time has come. Returns their CPUs."""
        now = self.clock.now
        expired = [cpu for cpu in self.cpus if (cpu.apic.timer.deadline or now + 1) <= now]
        for cpu in expired:
            cpu.apic.timer.expire(now)
            cpu.apic.raise_local(Register.LVT_TIMER)
        return expired

    # Invariants

    def check(self) -> None:
        """AssertionError when the machine is in a state that no machine can be in."""
        for problem in self._problems():
            raise AssertionError(problem)
        assert self.undelivered >= len(self.outbox), "a message in the outbox is not counted as on its way"

    def _problems(self) -> Iterator[str]:
        for cpu in self.cpus:
            apic = cpu.apic
            for name in ("irr", "isr"):
                if any(vector < FIRST_LEGAL_VECTOR for vector in getattr(apic, name)):
                    yield f"CPU {cpu.number}: {name} holds a vector below 16"
            classes = [vector >> 4 for vector in apic.isr]
            if len(classes) != len(set(classes)):
                yield f"CPU {cpu.number}: two vectors of one class are in service"
            if apic.coalesced.bits & ~apic.irr.bits:
                yield f"CPU {cpu.number}: a vector merged that is not requested"
            if apic.ppr >> 4 < apic.tpr >> 4:
                yield f"CPU {cpu.number}: PPR is below TPR"
            if cpu.run_state is RunState.WAIT_FOR_SIPI and cpu.interrupt_flag:
                yield f"CPU {cpu.number}: waits for a start-up IPI with interrupts on"
        for pin, entry in enumerate(self.io_apic.entries):
            if entry & (1 << 14) and not entry & (1 << 15):
                yield f"pin {pin}: remote IRR of an edge pin is set"
