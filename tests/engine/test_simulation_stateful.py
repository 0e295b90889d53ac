"""Whatever people do, in any order and at any moment: the invariants hold and nobody sleeps through an interrupt."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.commands.command import Stimulus
from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import (
    ConfigurePin,
    FireLocalSource,
    LowerPin,
    RaisePin,
    SendMsi,
)
from app.commands.machine import Demonstrate, SetBackend, SetInterruptFlag
from app.commands.registers import Rdmsr, ReadRegister, WriteCr8, WriteRegister, Wrmsr
from app.engine.events import Event
from app.engine.simulation import Simulation
from app.guest.generations import GUEST_FUNCTIONS
from app.hw.cpu import RunState
from app.hw.events import Accepted, Merged, MessageSent, NoTarget, Refused, Retried
from app.hw.messages import InterruptMessage
from app.hw.profile import PROFILES
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
from app.x86.model_specific_registers import APIC_ENABLE, RESET_BASE, X2APIC_ENABLE, Msr
from app.x86.register_map import REGISTERS
from app.x86.registers import Register
from tests.engine.runs import NAMES, drive_legacy_line, drive_lint, drive_pin

CPU = st.integers(0, 5)
VECTOR = st.sampled_from([0x05, 0x31, 0x41, 0x42, 0x51, 0xEF, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF])
ICR = st.builds(
    Icr,
    VECTOR,
    st.sampled_from(DeliveryMode),
    st.sampled_from(DestinationMode),
    st.sampled_from(Shorthand),
    st.integers(0, 15),
    st.integers(0, 1),
    st.sampled_from(TriggerMode),
)
#: What a person may write; TIMER_INITIAL_COUNT has a rule of its own, for a timer with a tiny period never lets go.
WRITTEN = [r for r, d in REGISTERS.items() if d.xapic.writable and r != Register.TIMER_INITIAL_COUNT]
#: Switched off, as after reset, in x2APIC mode, moved, and what is no mode.
BASES = [
    RESET_BASE | bits for bits in (0, APIC_ENABLE, APIC_ENABLE | X2APIC_ENABLE, APIC_ENABLE | 1 << 21, X2APIC_ENABLE)
]
SOURCES = [Register.LVT_THERMAL, Register.LVT_PERFORMANCE, Register.LVT_CMCI]


class SimulationUnderFire(RuleBasedStateMachine):
    """Keeps the ledger of messages, and watches the clock."""

    simulation: Simulation

    @initialize(
        cpus=st.sampled_from([1, 2, 4, 6, 9]), backend=st.sampled_from(NAMES), profile=st.sampled_from(sorted(PROFILES))
    )
    def start(self, cpus: int, backend: str, profile: str) -> None:
        self.simulation = Simulation(cpus, backend, profile=PROFILES[profile])
        self.time = 0
        self.sent: set[int] = set()
        self.unresolved: set[int] = set()

    def number(self, cpu: int) -> int:
        return cpu % len(self.simulation.processors)

    def apply(self, command: Stimulus) -> None:
        self.simulation.apply(command)

    # What people do

    @rule(cpu=CPU, icr=ICR)
    def send_ipi(self, cpu: int, icr: Icr) -> None:
        self.apply(SendIpi(self.number(cpu), icr))

    @rule(cpu=CPU, function=st.sampled_from(sorted(GUEST_FUNCTIONS)), to=CPU, wait=st.booleans())
    def call(self, cpu: int, function: str, to: int, wait: bool) -> None:
        self.apply(CallGuest(self.number(cpu), function, target=self.number(to), wait=wait))

    @rule(cpu=CPU, register=st.sampled_from(WRITTEN), value=st.integers(0, 0xFFFF_FFFF))
    def write(self, cpu: int, register: int, value: int) -> None:
        self.apply(WriteRegister(self.number(cpu), register, value))

    @rule(cpu=CPU, register=st.sampled_from(Register))
    def read(self, cpu: int, register: Register) -> None:
        self.apply(ReadRegister(self.number(cpu), register))

    @rule(cpu=CPU, base=st.sampled_from(BASES))
    def change_mode(self, cpu: int, base: int) -> None:
        self.apply(Wrmsr(self.number(cpu), Msr.IA32_APIC_BASE, base))

    @rule(cpu=CPU, wait=st.integers(-5000, 5000))
    def write_deadline(self, cpu: int, wait: int) -> None:
        self.apply(WriteRegister(self.number(cpu), Register.LVT_TIMER, 0xEF | 2 << 17))
        self.apply(Wrmsr(self.number(cpu), Msr.IA32_TSC_DEADLINE, max(0, self.simulation.time + wait)))

    @rule(cpu=CPU, msr=st.sampled_from([Msr.IA32_APIC_BASE, Msr.IA32_TSC_DEADLINE, 0x802, 0x80B, 0x83F]))
    def read_msr(self, cpu: int, msr: int) -> None:
        self.apply(Rdmsr(self.number(cpu), msr))

    @rule(cpu=CPU, value=st.integers(0, 16))
    def write_cr8(self, cpu: int, value: int) -> None:
        self.apply(WriteCr8(self.number(cpu), value))

    @rule(cpu=CPU, pin=st.integers(0, 1), entry=st.sampled_from([0x51, 0x8051, 0x200, 0x400, 0x500, 0x700, 0x1_0000]))
    def configure_lint(self, cpu: int, pin: int, entry: int) -> None:
        self.apply(WriteRegister(self.number(cpu), Register.LVT_LINT1 if pin else Register.LVT_LINT0, entry))

    @rule(cpu=CPU, pin=st.integers(0, 1), level=st.integers(0, 1))
    def drive_lint(self, cpu: int, pin: int, level: int) -> None:
        self.apply(drive_lint(self.number(cpu), pin, level))

    @rule(cpu=CPU, source=st.sampled_from(SOURCES), entry=st.sampled_from([0x05, 0x41, 0x200, 0x400]))
    def fire_local_source(self, cpu: int, source: Register, entry: int) -> None:
        self.apply(WriteRegister(self.number(cpu), source, entry))
        if source in self.simulation.machine.cpus[self.number(cpu)].apic.lvt:
            self.apply(FireLocalSource(self.number(cpu), source))

    @rule(line=st.sampled_from([0, 1, 7, 8]), level=st.integers(0, 1))
    def drive_legacy_line(self, line: int, level: int) -> None:
        self.apply(drive_legacy_line(line, level))

    @rule(cpu=CPU, count=st.integers(200, 900), periodic=st.booleans())
    def start_timer(self, cpu: int, count: int, periodic: bool) -> None:
        self.apply(WriteRegister(self.number(cpu), Register.LVT_TIMER, 0xEF | periodic << 17))
        self.apply(WriteRegister(self.number(cpu), Register.TIMER_INITIAL_COUNT, count))

    @rule(pin=st.integers(0, 2), vector=VECTOR, level=st.booleans(), to=CPU)
    def pulse_pin(self, pin: int, vector: int, level: bool, to: int) -> None:
        self.apply(ConfigurePin(pin, self.number(to) << 56 | level << 15 | vector))
        self.apply(RaisePin(pin))
        self.apply(LowerPin(pin))

    @rule(pin=st.integers(0, 2), level=st.integers(0, 1))
    def drive_pin(self, pin: int, level: int) -> None:
        self.apply(drive_pin(pin, level))

    @rule(to=CPU, vector=VECTOR, mode=st.sampled_from([0, 1, 2, 4, 5, 7]))
    def send_msi(self, to: int, vector: int, mode: int) -> None:
        self.apply(SendMsi(0xFEE0_0000 | self.number(to) << 12, vector | mode << 8))

    @rule(cpu=CPU, enabled=st.booleans())
    def set_interrupt_flag(self, cpu: int, enabled: bool) -> None:
        self.apply(SetInterruptFlag(self.number(cpu), enabled))

    @rule(backend=st.sampled_from(NAMES))
    def set_backend(self, backend: str) -> None:
        self.apply(SetBackend(backend))

    @rule(enabled=st.booleans())
    def demonstrate(self, enabled: bool) -> None:
        self.apply(Demonstrate(enabled))

    # What time does

    @rule(operations=st.integers(1, 200))
    def run_operations(self, operations: int) -> None:
        assert self.simulation.run(operations=operations) <= operations

    @rule(cycles=st.integers(0, 20_000), operations=st.none() | st.integers(1, 50))
    def run_cycles(self, cycles: int, operations: int | None) -> None:
        self.simulation.run(until=self.simulation.time + cycles, operations=operations)

    # What always holds

    @invariant()
    def simulation_is_sound(self) -> None:
        self.simulation.check()

    @invariant()
    def nobody_sleeps_through_an_interrupt(self) -> None:
        if self.simulation.idle:
            assert {processor.cpu.next_arrival() for processor in self.simulation.processors} == {None}

    @invariant()
    def nothing_waits_for_room_that_is_there(self) -> None:
        if self.simulation.idle:
            cpus = self.simulation.machine.cpus
            for message in self.simulation.machine.retrying:
                assert all(message.vector in cpus[number].apic.irr for number in message.remaining or ())

    @invariant()
    def nobody_who_could_work_leaves_a_call_lying(self) -> None:
        if self.simulation.idle:
            for processor in self.simulation.processors:
                waits = processor.spinning or processor.cpu.run_state is RunState.WAIT_FOR_SIPI
                assert waits or not processor.calls

    @invariant()
    def log_is_in_order_and_balanced(self) -> None:
        for time, event in self.simulation.take_log():
            assert time >= self.time
            self.time = time
            self.book(event)
        assert self.simulation.time >= self.time
        self.time = self.simulation.time
        flights = [flight.message for flight in self.simulation.in_flight.values()]
        assert self.unresolved == {message.number for message in flights if isinstance(message, InterruptMessage)}

    def book(self, event: Event) -> None:
        match event:
            case MessageSent(InterruptMessage(number)):
                self.sent.add(number)
                self.unresolved.add(number)
            case Accepted() | Merged() | Refused() | Retried() | NoTarget() if event.message is not None:
                assert event.message in self.sent
                self.unresolved.discard(event.message)
            case _:
                pass


TestSimulationUnderFire = SimulationUnderFire.TestCase
