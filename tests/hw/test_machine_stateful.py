"""Whatever software, devices and CPUs do, in any order: invariants hold, and every message ends as it must, once."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.hw import bus
from app.hw.cpu import RunState
from app.hw.events import Accepted, Event, Merged, MessageSent, NoTarget, Refused
from app.hw.local_apic import LVT_REGISTERS, ApicMode
from app.hw.machine import Machine
from app.hw.messages import BusMessage, InterruptMessage, Origin
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
from app.x86.registers import Register
from tests.hw.helpers import machine_of, of_type, post

CPU = st.integers(0, 5)
WORD = st.integers(0, 0xFFFF_FFFF)
# Few vectors and destinations, so that they meet.
VECTOR = st.sampled_from([0x05, 0x31, 0x41, 0x42, 0x51, 0xEF, 0xFE, 0xFF])
WRITTEN = (*LVT_REGISTERS, Register.TPR, Register.LDR, Register.DFR, Register.SVR, Register.ESR, Register.TIMER_DIVIDE)
ICR = st.builds(
    Icr,
    VECTOR,
    st.sampled_from(DeliveryMode),
    st.sampled_from(DestinationMode),
    st.sampled_from(Shorthand),
    st.one_of(st.integers(0, 7), st.integers(0, 0xFF)),
    st.integers(0, 1),
    st.sampled_from(TriggerMode),
)


class MachineUnderFire(RuleBasedStateMachine):
    """Keeps the ledger: which messages were sent, and how each ended."""

    machine: Machine

    @initialize(cpus=st.integers(1, 6), mode=st.sampled_from([ApicMode.XAPIC, ApicMode.X2APIC]))
    def start(self, cpus: int, mode: ApicMode) -> None:
        self.machine = machine_of(cpus, mode)
        self.machine.take_events()
        self.unresolved: dict[int, BusMessage] = {}

    def number(self, cpu: int) -> int:
        return cpu % len(self.machine.cpus)

    def book(self) -> list[Event]:
        """Enters what was sent since the last time."""
        events = self.machine.take_events()
        for event in of_type(events, MessageSent):
            assert event.message.number not in self.unresolved
            self.unresolved[event.message.number] = event.message
        return events

    # What software does

    @rule(cpu=CPU, register=st.sampled_from(WRITTEN), value=WORD)
    def write(self, cpu: int, register: Register, value: int) -> None:
        self.machine.write_register(self.number(cpu), register, value)

    @rule(cpu=CPU, vector=VECTOR, periodic=st.booleans())
    def unmask_local_sources(self, cpu: int, vector: int, periodic: bool) -> None:
        self.machine.write_register(self.number(cpu), Register.LVT_ERROR, vector)
        self.machine.write_register(self.number(cpu), Register.LVT_TIMER, vector | periodic << 17)

    @rule(cpu=CPU)
    def enable(self, cpu: int) -> None:
        self.machine.write_register(self.number(cpu), Register.TPR, 0)
        self.machine.write_register(self.number(cpu), Register.SVR, 0x1FF)

    @rule(cpu=CPU, offset=st.integers(0, 0x41).map(lambda index: 16 * index))
    def read(self, cpu: int, offset: int) -> None:
        self.machine.read_register(self.number(cpu), offset)

    @rule(cpu=CPU, count=st.integers(0, 50))
    def start_timer(self, cpu: int, count: int) -> None:
        self.machine.write_register(self.number(cpu), Register.TIMER_INITIAL_COUNT, count)

    @rule(cpu=CPU, icr=ICR)
    def send(self, cpu: int, icr: Icr) -> None:
        post(self.machine, self.number(cpu), icr)

    # What devices do

    @rule(pin=st.integers(0, 3), vector=VECTOR, bits=st.integers(0, 0x1F), destination=st.integers(0, 7))
    def configure_pin(self, pin: int, vector: int, bits: int, destination: int) -> None:
        low = vector | (bits & 1) << 8 | (bits & 2) << 10 | (bits & 12) << 13 & 0x1_8000
        self.machine.write_io_apic(0x11 + 2 * pin, destination << 24)
        self.machine.write_io_apic(0x10 + 2 * pin, low)

    @rule(pin=st.integers(0, 3), level=st.integers(0, 1))
    def drive_pin(self, pin: int, level: int) -> None:
        self.machine.drive_pin(pin, level)

    @rule(vector=VECTOR, destination=st.integers(0, 7), bits=st.integers(0, 3), mode=st.integers(0, 7))
    def send_msi(self, vector: int, destination: int, bits: int, mode: int) -> None:
        self.machine.send_msi(0xFEE0_0000 | destination << 12 | bits << 2, vector | mode << 8)

    @rule(cycles=st.integers(1, 2000))
    def let_time_pass(self, cycles: int) -> None:
        self.machine.clock.now += cycles
        self.machine.expire_timers()

    # What CPUs do

    @rule(cpu=CPU, enabled=st.booleans())
    def set_interrupt_flag(self, cpu: int, enabled: bool) -> None:
        target = self.machine.cpus[self.number(cpu)]
        if target.run_state is not RunState.WAIT_FOR_SIPI:
            self.machine.set_interrupt_flag(target.number, enabled)

    @rule(cpu=CPU)
    def acknowledge(self, cpu: int) -> None:
        apic = self.machine.cpus[self.number(cpu)].apic
        highest = max(apic.irr, default=0)
        enabled = apic.software_enabled and highest >> 4 > apic.ppr >> 4
        before = set(apic.isr)

        vector = apic.acknowledge()

        assert vector == (highest if enabled else apic.svr & 0xFF)
        assert set(apic.isr) == before | ({highest} if enabled else set())

    @rule(cpu=CPU)
    def end_interrupt(self, cpu: int) -> None:
        apic = self.machine.cpus[self.number(cpu)].apic
        rest = sorted(apic.isr)[:-1]

        self.machine.write_register(self.number(cpu), Register.EOI, 0)

        assert list(apic.isr) == rest

    @rule(cpu=CPU)
    def handle_nmi(self, cpu: int) -> None:
        target = self.machine.cpus[self.number(cpu)]
        if target.nmi_running:
            target.nmi_running = False
        elif target.nmi_deliverable():
            target.take_nmi()

    # What travels

    @precondition(lambda self: self.machine.outbox)
    @rule(which=st.integers(0, 7))
    def deliver(self, which: int) -> None:
        message = self.machine.outbox.pop(which % len(self.machine.outbox))
        self.book()
        # Asked of the bus itself, which remembers nothing.
        named = bus.addressed(message, self.machine.cpus) if isinstance(message, InterruptMessage) else []
        foreseen = self.machine.targets(message)

        self.machine.deliver(message)

        del self.unresolved[message.number]
        self.audit(message, {cpu.number for cpu in named}, foreseen)

    def audit(self, message: BusMessage, named: set[int], foreseen: list[int]) -> None:
        """Exactly one outcome for each target, or NoTarget once."""
        events = self.book()
        outcomes = [
            event
            for event in events
            if isinstance(event, Accepted | Merged | Refused) and event.message == message.number
        ]
        reached = [outcome.cpu for outcome in outcomes]
        assert len(set(reached)) == len(reached)
        assert sorted(reached) == foreseen
        if isinstance(message, InterruptMessage):
            lowest = message.delivery_mode is DeliveryMode.LOWEST_PRIORITY
            assert set(reached) <= named if lowest else set(reached) == named
            assert len(reached) == min(len(named), 1) if lowest else True
            assert len(of_type(events, NoTarget)) == (not named)

    # What always holds

    @invariant()
    def machine_is_sound(self) -> None:
        self.machine.check()

    @invariant()
    def every_message_is_either_on_its_way_or_settled(self) -> None:
        self.book()
        assert set(self.unresolved) == {message.number for message in self.machine.outbox}
        assert self.machine.undelivered == len(self.machine.outbox)

    @invariant()
    def delivery_status_counts_the_messages_on_their_way(self) -> None:
        for cpu in self.machine.cpus:
            under_way = [
                message
                for message in self.machine.outbox
                if isinstance(message, InterruptMessage)
                and (message.origin, message.source) == (Origin.IPI, cpu.number)
            ]
            assert cpu.apic.sends_in_flight == len(under_way)

    def teardown(self) -> None:
        if hasattr(self, "machine"):
            self.machine.settle()
            assert self.machine.undelivered == 0
            self.machine.check()


TestMachineUnderFire = MachineUnderFire.TestCase
