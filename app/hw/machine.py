"""A machine: CPUs with local APICs, one I/O APIC, an 8259, and the messages between them.

Devices return messages; the machine keeps them in ``outbox`` until its driver says that they arrive (``deliver``).
``settle`` lets everything arrive at once, for those who care only about the outcome.
"""

from collections.abc import Callable, Sequence

from app.hw import device_messages, invariants, local_vector_table, transplant
from app.hw.bus import Bus
from app.hw.cpu import Cpu
from app.hw.event_channels import EventChannels
from app.hw.events import (
    EntryWriteIgnored,
    Event,
    Fault,
    Ignored,
    InterruptFlagChanged,
    InterruptsHeldOff,
    MessageSent,
    MsiIgnored,
    Reason,
)
from app.hw.io_apic import IoApic
from app.hw.legacy_pic import LegacyPic, LegacyWiring
from app.hw.local_apic import LocalApic
from app.hw.local_apic_registers import read_msr, read_register, write_cr8, write_msr, write_register
from app.hw.messages import BusMessage, EoiBroadcast, InterruptMessage, Origin
from app.hw.profile import INTEL_SDM, Profile
from app.hw.services import Clock, Services
from app.hw.timer import LocalTimers
from app.x86.icr import DeliveryMode, DestinationMode, Shorthand, TriggerMode
from app.x86.model_specific_registers import ApicMode
from app.x86.redirection import IoApicRegister
from app.x86.registers import Register
from app.x86.units import ApicId, Cycles
from app.x86.vectors import VECTORS

#: APIC ID 255 is the xAPIC broadcast: a 256th CPU has it, and in xAPIC mode nobody can send to that CPU alone.
MAX_XAPIC_CPUS, MAX_CPUS = 255, 256
_IPI, _STARTUP, _EDGE = Origin.IPI, DeliveryMode.STARTUP, TriggerMode.EDGE  # finding a member of an enum takes its time
_NO_EFFECT = (Fault, Ignored)  # and so does making their union


class Machine:
    """``cpu_count`` CPUs after power-up: software-disabled APICs, interrupts off. CPU 0 is the bootstrap processor.

    APIC IDs are 0, 1, 2 …, or *apic_ids*. *mode* other than xAPIC means that firmware has switched it on already.
    """

    STATE = ("_carried", "outbox", "retrying")
    WIRES = ("_legacy_wiring", "_timers", "bus", "cpus", "events", "io_apic", "legacy_pic", "profile", "services")
    __slots__ = (*STATE, *WIRES)

    def __init__(
        self,
        cpu_count: int,
        mode: ApicMode = ApicMode.XAPIC,
        record: Callable[[Event], None] | None = None,
        *,
        profile: Profile = INTEL_SDM,
        apic_ids: Sequence[int] = (),
        clock: Clock | None = None,
    ) -> None:
        """What happens goes to *record*, or else into ``events``. ValueError for what no machine can be."""
        if not 1 <= cpu_count <= MAX_CPUS:
            raise ValueError(f"a machine has 1 to {MAX_CPUS} CPUs, not {cpu_count}")
        if apic_ids and len(apic_ids) != cpu_count:
            raise ValueError(f"{len(apic_ids)} APIC IDs for {cpu_count} CPUs")
        if mode is ApicMode.X2APIC and not profile.x2apic:
            raise ValueError(f"profile {profile.name} has no x2APIC mode")
        self.profile = profile
        #: What has happened, where nobody else is told.
        self.events: list[Event] = []
        self.services = Services(record or self.events.append, clock)
        self.outbox: list[BusMessage] = []
        #: What the bus tries again once a target has room (P6 family).
        self.retrying: list[InterruptMessage] = []
        #: IPIs that whoever writes registers for the guest brings to their targets by itself; None: nobody does.
        self._carried: list[InterruptMessage] | None = None
        self.legacy_pic = LegacyPic()
        self.cpus: list[Cpu] = []
        self._legacy_wiring = LegacyWiring(self.legacy_pic, self.cpus, self.services)
        self.cpus += (self._cpu(number, apic_id, mode) for number, apic_id in enumerate(apic_ids or range(cpu_count)))
        self.bus = Bus(self.cpus, profile, self.services)
        self.io_apic = IoApic(profile, self.services)
        self._timers = LocalTimers([cpu.apic.timer for cpu in self.cpus])

    def _cpu(self, number: int, apic_id: int, mode: ApicMode) -> Cpu:
        apic = LocalApic(number, ApicId(apic_id), self.profile, self.services, mode)
        return Cpu(number, apic, self.services, self._legacy_wiring.acknowledge)

    @property
    def clock(self) -> Clock:
        """The time that every device sees."""
        return self.services.clock

    # What software does

    def read_register(self, cpu: int, offset: int) -> int | Fault:
        """Reads a local-APIC register in the way of the APIC's mode; *offset* is that of the xAPIC page."""
        return read_register(self.cpus[cpu].apic, offset)

    def write_register(self, cpu: int, offset: int, value: int) -> Fault | Ignored | None:
        """As ``read_register``. A message that the write sends goes to ``outbox``. Tells when it had no effect."""
        effect = write_register(self.cpus[cpu].apic, offset, value)
        if effect is None and not self.services.changes.configuration:
            return None  # as nearly always
        return self._written(effect)

    def read_msr(self, cpu: int, msr: int) -> int | Fault:
        return read_msr(self.cpus[cpu].apic, msr)

    def write_msr(self, cpu: int, msr: int, value: int) -> Fault | Ignored | None:
        effect = write_msr(self.cpus[cpu].apic, msr, value)
        if effect is None and not self.services.changes.configuration:
            return None
        return self._written(effect)

    def write_cr8(self, cpu: int, value: int) -> Fault | None:
        return write_cr8(self.cpus[cpu].apic, value)

    def _written(self, effect: BusMessage | Fault | Ignored | None) -> Fault | Ignored | None:
        if effect is not None:
            if type(effect) is InterruptMessage and self._carried is not None:
                self._carried.append(effect)
            elif isinstance(effect, _NO_EFFECT):
                return effect
            else:
                self._post(effect)
        if self.services.changes.configuration:
            self._reconfigured()
        return None

    def _reconfigured(self) -> None:
        """An APIC has another address, or accepts what it refused."""
        self.services.changes.configuration = False
        self.bus.forget_addresses()
        self._post_all(self.io_apic.service_levels())

    def read_io_apic(self, index: int) -> int:
        self.io_apic.select = index & 0xFF
        return self.io_apic.read_window()

    def write_io_apic(self, index: int, value: int) -> None:
        self.io_apic.select = index & 0xFF
        self.write_io_apic_window(value)

    def write_redirection_entry(self, pin: int, entry: int) -> Ignored | None:
        """Writes both halves of a pin's entry, the destination first. Tells when nothing of it could be written."""
        before = self.io_apic.entries[pin]
        self.write_io_apic(IoApicRegister.REDIRECTION + 2 * pin + 1, entry >> 32)
        self.write_io_apic(IoApicRegister.REDIRECTION + 2 * pin, entry & 0xFFFF_FFFF)
        if entry == before or self.io_apic.entries[pin] != before:
            return None
        self.services.record(EntryWriteIgnored(pin, Reason.NOT_WRITABLE))
        return Ignored(Reason.NOT_WRITABLE)

    def write_io_apic_window(self, value: int) -> None:
        self._post_all(self.io_apic.write_window(value))

    def write_io_apic_eoi(self, vector: int) -> None:
        """The EOI register, where the version has one: ends *vector* at every pin without a broadcast."""
        if self.io_apic.has_eoi_register:
            self.end_at_io_apic(vector)

    def end_at_io_apic(self, vector: int) -> None:
        """The I/O APIC hears of the end of *vector*, whichever way."""
        self._post_all(self.io_apic.end_of_interrupt(VECTORS[vector]))

    def set_interrupt_flag(self, cpu: int, enabled: bool) -> None:
        self.cpus[cpu].disable_interrupts()
        self.cpus[cpu].interrupt_flag = enabled
        self.services.record(InterruptFlagChanged(cpu, enabled))

    def hold_interrupts_off(self, cpu: int, held: bool) -> None:
        """Somebody outside keeps interrupts from *cpu* until further notice, or lets them in again. IF stays."""
        self.cpus[cpu].held_off = held
        self.services.record(InterruptsHeldOff(cpu, held))

    # What devices do

    def drive_pin(self, pin: int, level: int) -> None:
        self._post_all(self.io_apic.drive(pin, level))

    def send_msi(self, address: int, data: int) -> None:
        """A device writes an interrupt message. ValueError when *address* is no message address."""
        msi = device_messages.decode(address, data, self.profile)
        if device_messages.asks_nothing(msi, self.profile):
            self.services.record(MsiIgnored(msi.vector, msi.delivery_mode, Reason.LEVEL_DEASSERT))
            return
        self._post(device_messages.interrupt_message(msi, address, self.profile, self.services.numbers.take()))

    def send_for(self, cpu: int, apic_id: int, vector: int, mode: DeliveryMode, trigger: TriggerMode = _EDGE) -> None:
        """A hypervisor sends an interrupt on behalf of *cpu*, whose ICR has no part in it."""
        origin = Origin.EVENT_CHANNEL if self.cpus[cpu].event_channels else Origin.HYPERVISOR
        number = self.services.numbers.take()
        self._post(device_messages.hypervisor_message(number, origin, cpu, apic_id, VECTORS[vector], mode, trigger))

    def transplant(self, mode: ApicMode, *, event_channels: bool) -> None:
        """Gives the guest another kind of interrupt controller, with what is pending. No software could do that."""
        transplant.transplant(self.cpus, mode, self._event_channels if event_channels else None)
        self._reconfigured()

    # As a value: what STATE names, of each of its parts

    def common_parts(self) -> tuple[object, ...]:
        """What there is one of, always in the same order."""
        services = self.services
        return (
            *(self, services.clock, services.numbers, services.changes, services.ledger),
            *(self.io_apic, self.legacy_pic, self.bus.arbiter),
        )

    @staticmethod
    def parts_of(cpu: Cpu) -> tuple[object, ...]:
        """What each CPU is made of, always in the same order; event channels are the last, if there are any."""
        parts = (cpu, cpu.apic, cpu.apic.timer)
        return parts if cpu.event_channels is None else (*parts, cpu.event_channels)

    def give_channels(self, cpu: Cpu, *, given: bool) -> None:
        """A copy of a machine has event channels where that has some."""
        if given != (cpu.event_channels is not None):
            cpu.event_channels = self._event_channels(cpu.number) if given else None

    def look_anew(self) -> None:
        """Its parts have got another state: what was kept of the old one is forgotten."""
        self.bus.forget_addresses()
        self._timers.look_at_all()

    def _event_channels(self, cpu: int) -> EventChannels:
        return EventChannels(cpu, self.services)

    def drive_lint(self, cpu: int, pin: int, level: int) -> None:
        """Something sets LINT0 or LINT1 of one CPU. LINT0 of CPU 0 is the 8259's too: up while either wants it."""
        if cpu or pin:
            self.cpus[cpu].drive_lint(pin, level)
        else:
            self._legacy_wiring.hold(level)

    def fire_local(self, cpu: int, register: Register) -> None:
        """The source of an LVT entry of one CPU fires. KeyError where the APIC has no such entry."""
        self.cpus[cpu].fire_local(register)

    def drive_legacy_line(self, line: int, level: int) -> None:
        """A device sets a line of the 8259, whose output is LINT0 of CPU 0. ValueError for no line."""
        self._legacy_wiring.drive_line(line, level)

    # What travels

    @property
    def undelivered(self) -> int:
        """Messages sent and not yet arrived, in the outbox or wherever the driver keeps them."""
        return self.services.ledger.on_their_way

    def _post(self, message: BusMessage) -> None:
        self.services.ledger.on_their_way += 1
        self.outbox.append(message)
        self.services.record(MessageSent(message))

    def carry_ipis(self) -> None:
        """What is written until ``take_carried`` is written by a hypervisor, which takes its IPIs to their targets."""
        self._carried = []

    def take_carried(self) -> list[InterruptMessage]:
        """The IPIs written since ``carry_ipis``: one for each target, to be posted when that is reached (``post``).
        An IPI that names nobody is posted at once."""
        carried, self._carried = self._carried or [], None
        return [part for message in carried for part in self._parts(message)]

    def _parts(self, message: InterruptMessage) -> list[InterruptMessage]:
        reached = self.bus.reached(message)
        if not reached:
            self._post(message)
        if len(reached) <= 1:
            return [message] * len(reached)
        assert message.source is not None
        self.cpus[message.source].apic.sends_in_flight += len(reached) - 1
        return [
            message._replace(
                number=message.number if part == 0 else self.services.numbers.take(),
                shorthand=Shorthand.NONE,
                destination_mode=DestinationMode.PHYSICAL,
                destination=cpu.apic.apic_id,
                x2apic=True,
                remaining=(cpu.number,),
                part=part,
            )
            for part, cpu in enumerate(reached)
        ]

    def post(self, message: InterruptMessage) -> None:
        """A carried IPI goes on its way."""
        self._post(message)

    def _post_all(self, messages: Sequence[InterruptMessage]) -> None:
        for message in messages:
            self._post(message)

    def targets(self, message: BusMessage) -> list[int]:
        """The CPUs that *message* would reach now; none for an EOI broadcast, which goes to the I/O APIC."""
        return [] if isinstance(message, EoiBroadcast) else [cpu.number for cpu in self.bus.reached(message)]

    def deliver(self, message: BusMessage) -> Sequence[Cpu]:
        """*message* has arrived. Returns the CPUs that it was for."""
        if isinstance(message, EoiBroadcast):
            self.services.ledger.delivering()
            self.end_at_io_apic(message.vector)
            return []
        reached, accepted, retried = self.bus.deliver(message)
        accepted |= message.accepted_before
        if retried:
            self.retrying.append(message._replace(remaining=retried, accepted_before=accepted, part=None))
        if message.source is None:
            return reached
        if message.origin is _IPI:
            taken = accepted or retried or (reached and message.delivery_mode is _STARTUP)  # if only to be ignored
            taken = taken or message.part is not None  # a hypervisor knows no serial bus on which all refuse at once
            self.cpus[message.source].apic.send_ended(taken=bool(taken), retried=bool(retried))
        elif message.origin is Origin.IO_APIC:
            self._post_all(
                self.io_apic.message_arrived(
                    message.source, message.trigger_mode, accepted=accepted, retried=bool(retried)
                )
            )
        return reached

    def retry(self) -> None:
        """Sends again what was refused for want of room, if a target has room now. Each attempt is a message."""
        if not self.retrying:
            return
        waiting, self.retrying = self.retrying, []
        for message in waiting:
            assert message.remaining is not None
            if all(message.vector in self.cpus[number].apic.irr for number in message.remaining):
                self.retrying.append(message)
            else:
                self._post(message._replace(number=self.services.numbers.take()))

    def settle(self) -> None:
        """Lets every message arrive, in the order in which they were sent, and every INIT and start-up IPI act."""
        self.take_resets()
        self.retry()
        while self.outbox:
            self.deliver(self.outbox.pop(0))
            self.take_resets()
            self.retry()

    def take_resets(self, cpus: Sequence[Cpu] = ()) -> None:
        """These CPUs, or all, are at an instruction boundary: a latched INIT or start-up IPI acts."""
        for cpu in cpus or self.cpus:
            if cpu.signalled:
                cpu.take_resets()
        if self.services.changes.configuration:
            self._reconfigured()

    def take_events(self) -> list[Event]:
        """What happened since the last call."""
        events = [*self.events]
        self.events.clear()
        return events

    # Timers

    @property
    def timers_changed(self) -> bool:
        """Another timer may be the next to expire, since ``next_timer_deadline`` was asked last."""
        return bool(self.services.changes.timers)

    def next_timer_deadline(self) -> Cycles | None:
        """When the next local timer expires, and not before now."""
        self._look_at_timers()
        return self._timers.next_deadline(Cycles(self.clock.now))

    def expire_timers(self) -> list[Cpu]:
        """Fires every local timer whose time has come. Returns their CPUs."""
        self._look_at_timers()
        expired = [self.cpus[number] for number in self._timers.expire(Cycles(self.clock.now))]
        for cpu in expired:
            local_vector_table.expire_timer(cpu.apic)
        return expired

    def _look_at_timers(self) -> None:
        self._timers.changed(self.services.changes.timers)
        self.services.changes.timers.clear()

    # Invariants

    def check(self) -> None:
        """AssertionError when the machine is in a state that no machine can be in, or a message was lost."""
        uncounted = ["an uncounted message is in the outbox"] if self.undelivered < len(self.outbox) else []
        for problem in (*uncounted, *self.services.ledger.mistakes, *invariants.problems(self.cpus, self.io_apic)):
            raise AssertionError(problem)
