"""Whatever software, devices and CPUs do, in any order: invariants hold, and every message ends as it must, once."""

from itertools import product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.hw.cpu import Arrival, Cpu, RunState
from app.hw.events import Fault
from app.hw.legacy_pic import DEVICE_LINES
from app.hw.local_apic_registers import read_cr8
from app.hw.machine import Machine
from app.hw.physical_memory import read_physical, write_physical
from app.hw.profile import PROFILES, Profile, SoftwareDisabled
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
from app.x86.model_specific_registers import ApicMode, Msr, x2apic_msr
from app.x86.registers import LVT_REGISTERS, Register
from app.x86.vectors import VECTOR_COUNT
from tests.hw.machines import BITS_OF_MODE, machine_of, post
from tests.hw.message_book import MessageBook

pytestmark = pytest.mark.slow

# Few CPUs, vectors and destinations, so that they meet.
CPU = st.one_of(st.integers(0, 2), st.integers(0, 19))
COUNT = st.one_of(st.integers(1, 3), st.integers(1, 20))
BIT = st.integers(0, 1)
VECTOR = st.sampled_from([0x05, 0x31, 0x41, 0x42, 0x51, 0xEF, 0xFE, 0xFF])
VALUE = st.one_of(st.integers(0, 0xFFFF_FFFF), VECTOR, st.just(0))
PAGE = st.sampled_from([0xFEE0_0000, 0xFED4_0000])
OFFSET = st.integers(0, 0x41).map(lambda index: 16 * index)
ACTIONS = (
    "acknowledge",
    "end_interrupt",
    "reach_instruction_boundary",
    "return_from_handler",
    "open_window",
    "close_window",
)
FIRED = (Register.LVT_PERFORMANCE, Register.LVT_THERMAL, Register.LVT_CMCI)
MODE = st.one_of(st.just(DeliveryMode.FIXED), st.sampled_from(DeliveryMode))
SHORTHAND = st.one_of(st.just(Shorthand.NONE), st.sampled_from(Shorthand))
DESTINATION = st.one_of(st.integers(0, 3), st.integers(0, 0xFF))
ICR = st.builds(
    Icr, VECTOR, MODE, st.sampled_from(DestinationMode), SHORTHAND, DESTINATION, BIT, st.sampled_from(TriggerMode)
)


class MachineUnderFire(RuleBasedStateMachine):
    """Every rule may come at any moment; messages arrive in any order."""

    machine: Machine

    @initialize(cpus=COUNT, profile=st.sampled_from(list(PROFILES.values())), x2apic=st.booleans())
    def start(self, cpus: int, profile: Profile, x2apic: bool) -> None:
        self.profile = profile
        self.machine = machine_of(cpus, ApicMode.X2APIC if x2apic and profile.x2apic else ApicMode.XAPIC, profile)
        self.book = MessageBook(self.machine)

    def number(self, cpu: int) -> int:
        return cpu % len(self.machine.cpus)

    def cpu(self, cpu: int) -> Cpu:
        return self.machine.cpus[self.number(cpu)]

    # What software does

    @rule(cpu=CPU, way=st.sampled_from(["MSR", "page"]), page=PAGE, offset=OFFSET, value=VALUE)
    def use_register(self, cpu: int, way: str, page: int, offset: int, value: int) -> None:
        number = self.number(cpu)
        if way == "page":
            write_physical(self.machine, number, page + offset, value)
            read_physical(self.machine, number, page + offset)
            return
        fault = self.machine.write_msr(number, x2apic_msr(offset), value)
        answer = self.machine.read_msr(number, x2apic_msr(offset))
        if not self.cpu(cpu).apic.x2apic:
            assert fault is answer is Fault.WRONG_MODE

    @rule(cpu=CPU, vector=VECTOR, timer_mode=st.integers(0, 3), mode=MODE, level=BIT, count=st.integers(0, 50))
    def open_local_sources(
        self, cpu: int, vector: int, timer_mode: int, mode: DeliveryMode, level: int, count: int
    ) -> None:
        values = dict.fromkeys(LVT_REGISTERS, vector | mode << 8)
        values |= {Register.LVT_ERROR: vector, Register.LVT_TIMER: vector | timer_mode << 17}
        values |= {Register.LVT_LINT0: vector | mode << 8 | level << 15, Register.TIMER_INITIAL_COUNT: count}
        for register, value in values.items():
            self.machine.write_register(self.number(cpu), register, value)

    @rule(cpu=CPU)
    def enable(self, cpu: int) -> None:
        self.machine.write_register(self.number(cpu), Register.TPR, 0)
        self.machine.write_register(self.number(cpu), Register.SVR, 0x1FF)

    @rule(cpu=CPU, page=PAGE, mode=st.sampled_from(ApicMode))
    def change_mode(self, cpu: int, page: int, mode: ApicMode) -> None:
        apic = self.cpu(cpu).apic
        before = (apic.mode, apic.base)

        fault = self.machine.write_msr(apic.cpu, Msr.IA32_APIC_BASE, page | BITS_OF_MODE[mode])

        assert (apic.mode, apic.base) == (before if fault else (mode, page))

    @rule(cpu=CPU, value=st.integers(0, 17))
    def write_cr8(self, cpu: int, value: int) -> None:
        apic = self.cpu(cpu).apic
        before = apic.tpr

        fault = self.machine.write_cr8(apic.cpu, value)

        assert (fault is None) == (value < 16)
        assert apic.tpr == (before if fault else value << 4)
        assert read_cr8(apic) == apic.tpr >> 4

    @rule(cpu=CPU, icr=ICR, times=st.integers(1, 3))
    def send(self, cpu: int, icr: Icr, times: int) -> None:
        for _ in range(times):
            post(self.machine, self.number(cpu), icr)

    # What devices do

    @rule(pin=st.integers(0, 3), vector=VECTOR, bits=st.integers(0, 0x1F), destination=st.integers(0, 7))
    def configure_pin(self, pin: int, vector: int, bits: int, destination: int) -> None:
        low = vector | (bits & 1) << 8 | (bits & 2) << 10 | (bits & 12) << 13 & 0x1_8000
        self.machine.write_io_apic(0x11 + 2 * pin, destination << 24)
        self.machine.write_io_apic(0x10 + 2 * pin, low)
        self.machine.write_io_apic_eoi(vector)

    @rule(vector=VECTOR, destination=st.integers(0, 7), bits=st.integers(0, 3), mode=st.integers(0, 7))
    def send_msi(self, vector: int, destination: int, bits: int, mode: int) -> None:
        self.machine.send_msi(0xFEE0_0000 | destination << 12 | bits << 2, vector | mode << 8)

    @rule(cpu=CPU, line=st.sampled_from(["pin", "LINT", "8259", "local"]), which=st.integers(0, 3), level=BIT)
    def drive_line(self, cpu: int, line: str, which: int, level: int) -> None:
        match line:
            case "pin":
                self.machine.drive_pin(which, level)
            case "LINT":
                self.machine.drive_lint(self.number(cpu), which % 2, level)
            case "8259":
                self.machine.drive_legacy_line(DEVICE_LINES[which], level)
            case _:
                sources = [register for register in FIRED if register in self.profile.lvt_registers]
                self.machine.fire_local(self.number(cpu), sources[which % len(sources)])

    @rule(cpu=CPU, cycles=st.integers(1, 2000), times=st.integers(1, 3))
    def let_time_pass(self, cpu: int, cycles: int, times: int) -> None:
        self.machine.write_msr(self.number(cpu), Msr.IA32_TSC_DEADLINE, self.machine.clock.now + cycles)
        for _ in range(times):
            self.machine.clock.now += cycles
            self.machine.expire_timers()

    # What CPUs do

    @rule(cpu=CPU, action=st.sampled_from(ACTIONS))
    def let_cpu_act(self, cpu: int, action: str) -> None:
        getattr(self, action)(self.cpu(cpu))

    def acknowledge(self, target: Cpu) -> None:
        """Also where nothing is deliverable."""
        apic = target.apic
        highest = max(apic.irr, default=0)
        open_to_it = apic.software_enabled or self.profile.software_disabled is SoftwareDisabled.DRAINS
        taken = {highest} if open_to_it and highest >> 4 > apic.ppr >> 4 else set()
        if external := target.external_requested():
            taken = set()
        before = set(apic.isr)

        vector = target.take_interrupt()

        assert external or vector == max(taken, default=apic.svr & 0xFF)
        assert set(apic.isr) == before | taken

    def end_interrupt(self, target: Cpu) -> None:
        apic = target.apic
        rest = sorted(apic.isr)[:-1]

        self.machine.write_register(target.number, Register.EOI, 0)

        assert list(apic.isr) == rest

    def reach_instruction_boundary(self, target: Cpu) -> None:
        match target.next_arrival():
            case Arrival.SMI:
                target.take_smi()
                assert target.next_arrival() is None
            case Arrival.INIT | Arrival.STARTUP:
                self.machine.take_resets([target])
                assert not target.init_pending
            case Arrival.NMI:
                target.take_nmi()
                assert target.next_arrival() is not Arrival.NMI
            case Arrival.INTERRUPT:
                target.take_interrupt()
            case None:
                target.instruction_ended()

    def return_from_handler(self, target: Cpu) -> None:
        if target.in_smm:
            target.resume()
        else:
            target.return_from_nmi()

    def close_window(self, target: Cpu) -> None:
        target.disable_interrupts()

    def open_window(self, target: Cpu) -> None:
        """STI: the next instruction is not interrupted."""
        if target.run_state is RunState.RUNNING and not target.in_smm and not target.interrupt_flag:
            target.enable_interrupts()
            assert target.next_arrival() is None

    # What travels

    @precondition(lambda self: self.machine.outbox)
    @rule(which=st.lists(st.integers(0, 7), min_size=1, max_size=6))
    def deliver(self, which: list[int]) -> None:
        for number in which:
            if self.machine.outbox:
                self.book.deliver(self.machine.outbox.pop(number % len(self.machine.outbox)))
                self.machine.check()

    @precondition(lambda self: self.machine.retrying)
    @rule()
    def retry(self) -> None:
        waiting = self.machine.retrying[:]
        has_room = [
            any(message.vector not in self.cpu(cpu).apic.irr for cpu in message.remaining or ()) for message in waiting
        ]
        sent_before = len(self.machine.outbox)

        self.machine.retry()

        assert self.machine.retrying == [message for message, room in zip(waiting, has_room, strict=True) if not room]
        assert len(self.machine.outbox) - sent_before == sum(has_room)

    # What always holds

    @invariant()
    def machine_is_sound(self) -> None:
        self.machine.check()

    @invariant()
    def every_message_is_either_on_its_way_or_settled(self) -> None:
        self.book.enter()
        assert set(self.book.unresolved) == {message.number for message in self.machine.outbox}
        assert self.machine.undelivered == len(self.machine.outbox)

    @invariant()
    def delivery_status_counts_the_messages_on_their_way(self) -> None:
        self.book.audit_delivery_status()

    def teardown(self) -> None:
        if hasattr(self, "machine"):
            self.machine.settle()
            assert self.machine.undelivered == 0
            self.machine.check()
            self.make_room()
            assert not self.machine.retrying
            assert not any(cpu.apic.retried_sources for cpu in self.machine.cpus)

    def make_room(self) -> None:
        """Nobody asks for anything new, and every CPU handles what it has: then nothing waits for room any more."""
        for pin in range(4):
            self.machine.drive_pin(pin, 0)
        for line in DEVICE_LINES:
            self.machine.drive_legacy_line(line, 0)
        for cpu, pin in product(self.machine.cpus, range(2)):
            self.machine.drive_lint(cpu.number, pin, 0)
        for _ in range(VECTOR_COUNT):
            for cpu in self.machine.cpus:
                if cpu.apic.retried_sources or self.is_retried(cpu.number):
                    self.machine.write_cr8(cpu.number, 0)
                    cpu.take_interrupt()
                    self.machine.write_register(cpu.number, Register.EOI, 0)
            self.machine.retry()
            self.machine.settle()

    def is_retried(self, cpu: int) -> bool:
        return any(cpu in (message.remaining or ()) for message in self.machine.retrying)


TestMachineUnderFire = MachineUnderFire.TestCase
# It takes some steps until messages meet.
TestMachineUnderFire.settings = settings(stateful_step_count=2 * settings().stateful_step_count)
