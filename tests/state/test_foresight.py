"""What a command would come to, said before it is given; and that it comes true."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands.command import Stimulus
from app.commands.line import Surroundings
from app.commands.line_reading import read_line
from app.commands.table import Command
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.hw import events as hw
from app.hw.profile import PROFILES, SoftwareDisabled
from app.state.foresight import Foreseen, foresee
from app.x86.lvt import MASKED
from app.x86.model_specific_registers import RESET_BASE
from app.x86.redirection import LEVEL, REMOTE_IRR
from app.x86.registers import Register

CPUS = 4


def command_of(simulation: Simulation, text: str) -> Command:
    kernel = GENERATIONS[simulation.generation]
    found = read_line(text, Surroundings(simulation.machine, kernel.vector_names, tuple(kernel.functions), {}))
    assert found.command is not None, found.misfit
    return found.command


def foreseen(simulation: Simulation, text: str) -> Foreseen:
    kernel = GENERATIONS[simulation.generation]
    backend = simulation.execution.backend
    found = foresee(simulation.machine, command_of(simulation, text), kernel.vector_names, backend, kernel)
    assert found is not None
    return found


def do(simulation: Simulation, *lines: str) -> None:
    for line in lines:
        command = command_of(simulation, line)
        assert isinstance(command, Stimulus)
        simulation.apply(command)
        simulation.run(operations=3_000)


@pytest.fixture
def four() -> Simulation:
    return Simulation(CPUS)


def test_ipi_tells_its_word_and_whom_it_reaches(four: Simulation) -> None:
    seen = foreseen(four, "ipi 0 2 61")

    assert seen == Foreseen([2], [], ["Will reach CPU 2."], 0x0200_0000_0000_4061)


def test_ipi_that_merges_names_the_cpu_where_it_does(four: Simulation) -> None:
    do(four, "if 2 off", "ipi 0 2 61")

    seen = foreseen(four, "ipi 0 others 61")

    assert (seen.receivers, seen.merges) == ([1, 2, 3], [2])
    assert "On CPU 2 it will merge: 0x61 is already requested there." in seen.sentences


def test_ipi_that_is_not_sent_says_why(four: Simulation) -> None:
    seen = foreseen(four, "ipi 0 2 03")

    assert seen.receivers == []
    assert seen.sentences[0].startswith("Nothing would be sent and ESR bit 5 is set")


def test_same_reason_on_many_cpus_is_one_sentence() -> None:
    many = Simulation(64)
    do(many, *(f"if {cpu} off" for cpu in range(1, 64)))

    assert foreseen(many, "ipi 0 others 61").sentences == [
        "Will reach CPU 1 to 63.",
        "On CPU 1 to 63 it will wait: interrupts are held off by hand, though IF is 1.",
    ]


def test_functions_interrupt_those_that_they_are_for(four: Simulation) -> None:
    assert foreseen(four, "call 1 smp_call_function").receivers == [0, 2, 3]
    assert foreseen(four, "call 1 send_ipi_self 41").receivers == [1]
    assert foreseen(four, "call 1 smp_send_reschedule 3").sentences == ["Will send 0xfc (reschedule) to CPU 3."]
    assert foreseen(four, "call 1 do_boot_cpu 2").sentences[1].startswith("CPU 2 loses all it does")


def test_function_whose_target_is_held_off_is_said_to_wait(four: Simulation) -> None:
    do(four, "if 2 off")

    assert foreseen(four, "call 0 smp_call_function").sentences[1:] == [
        "On CPU 2 it will wait: interrupts are held off by hand, though IF is 1."
    ]


def entry(vector: int, cpu: int, more: int = 0) -> str:
    return f"{cpu << 56 | vector | more:x}"


def test_pin_reaches_whom_its_entry_names(four: Simulation) -> None:
    do(four, f"entry 3 {entry(0x41, 2)}")

    seen = foreseen(four, "pin 3 up")

    assert seen.receivers == [2]
    assert seen.sentences == ["I/O APIC pin 3 sends 0x41 to APIC ID 0x02.", "Will reach CPU 2."]


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (("mask 3",), "the pin is masked, so the edge is lost"),
        ((f"entry 3 {entry(0x41, 2, LEVEL)}", "mask 3"), "the pin is masked"),
        (("pin 3 up",), "the line was up already"),
    ],
)
def test_pin_that_sends_nothing_says_why(four: Simulation, before: tuple[str, ...], why: str) -> None:
    do(four, f"entry 3 {entry(0x41, 2)}", *before)

    assert foreseen(four, "pin 3 up") == Foreseen([], [], [f"Nothing would be sent: {why}."])


def test_level_pin_that_waits_for_its_eoi_says_so(four: Simulation) -> None:
    do(four, "if 2 off", f"entry 3 {entry(0x41, 2, LEVEL)}", "pin 3 up")
    assert four.machine.io_apic.entries[3] & REMOTE_IRR

    assert "remote IRR is 1" in foreseen(four, "pin 3 up").sentences[0]
    assert "remote IRR stays" in foreseen(four, "pin 3 down").sentences[0]


def test_entry_tells_whom_it_will_reach(four: Simulation) -> None:
    assert foreseen(four, f"entry 3 {entry(0x41, 2)}").receivers == [2]
    assert foreseen(four, f"entry 3 {entry(0x41, 2)}").sentences[0] == "Once its line goes up:"
    assert foreseen(four, "entry 3 10041") == Foreseen([], [], ["Pin 3 will be masked: raising it reaches nobody."])


def test_message_of_a_device_reaches_whom_its_address_names(four: Simulation) -> None:
    assert foreseen(four, "msi fee02000 41").receivers == [2]
    assert foreseen(four, "msi fee77000 41").sentences[-1] == "Nobody has APIC ID 0x77: 0x41 would be lost."
    assert foreseen(four, "msi fee02000 8041").sentences[0].startswith("Nothing would be sent")


def test_local_source_says_what_bars_it(four: Simulation) -> None:
    do(four, "reg 1 LVT_THERMAL 10041", "reg 2 LVT_THERMAL 41", "reg 2 LVT_LINT1 400")

    assert foreseen(four, "fire 1 thermal").sentences == ["Nothing would come of it: its LVT entry is masked."]
    assert foreseen(four, "fire 2 thermal").receivers == [2]
    assert foreseen(four, "lint 2 1 up").sentences[0] == "It asks CPU 2 for NMI."


def test_higher_tpr_says_what_will_wait_and_a_lower_one_what_is_taken(four: Simulation) -> None:
    do(four, "tpr 2 60", "ipi 0 2 61")

    lower = foreseen(four, "tpr 2 50").sentences

    assert lower == ["PPR will be 0x50: classes 0 to 5 wait.", "0x61 will be taken."]
    assert foreseen(four, "cr8 2 5").sentences == lower
    assert foreseen(four, "tpr 2 80").sentences[1].startswith("0x61 will wait: class 6 is not above PPR 0x80")


def test_letting_interrupts_in_says_what_is_taken(four: Simulation) -> None:
    do(four, "if 2 off", "ipi 0 2 61", "ipi 0 2 71")

    assert foreseen(four, "if 2 on").sentences == ["0x61 will wait: 0x71 goes first.", "0x71 will be taken."]
    assert foreseen(four, "if 2 off").sentences[0] == "Interrupts of CPU 2 are held off already."


def test_apic_that_is_software_disabled_says_what_it_refuses_and_masks(four: Simulation) -> None:
    do(four, "reg 2 LVT_TIMER 31")

    switched = foreseen(four, "svr 2 off").sentences
    assert switched[0].startswith("The APIC of CPU 2 will be software-disabled: it refuses the vectors that come")
    assert switched[1].startswith("Will be masked: LVT TIMER, ")
    assert foreseen(four, "reg 2 SVR 0").sentences == [*switched, "The spurious vector will be 0x00."]

    unmasked = {register for register, entry in four.machine.cpus[2].apic.lvt.items() if not entry & MASKED}
    do(four, "svr 2 off")
    assert switched[1] == f"Will be masked: {', '.join(sorted_names(unmasked))}."
    assert all(entry & MASKED for entry in four.machine.cpus[2].apic.lvt.values())
    assert foreseen(four, "svr 2 off").sentences == ["SVR of CPU 2 stays 0xff."]
    assert foreseen(four, "svr 2 on").sentences == [
        "The APIC of CPU 2 will be software-enabled: it accepts what comes.",
        "LVT entries that are masked stay so until they are written.",
    ]


def sorted_names(registers: set[Register]) -> list[str]:
    return [register.name.replace("_", " ") for register in sorted(registers)]


def test_software_disabled_apic_of_a_profile_that_keeps_requests_says_which_wait() -> None:
    blocking = next(profile for profile in PROFILES.values() if profile.software_disabled is SoftwareDisabled.BLOCKED)
    machine = Simulation(CPUS, profile=blocking)
    do(machine, "if 2 off", "ipi 0 2 61")

    assert f"0x61 will wait: {hw.Reason.SOFTWARE_DISABLED.value}." in foreseen(machine, "svr 2 off").sentences


@pytest.mark.parametrize("line", ["apic 2 off", "msr 2 1b fee00000"])
def test_apic_that_goes_off_says_what_is_lost_with_it(four: Simulation, line: str) -> None:
    do(four, "if 2 off", "ipi 0 2 61")

    assert foreseen(four, line).sentences == [
        "The APIC of CPU 2 goes off: no message reaches it, and its registers are reset but for TPR.",
        "Lost with it: 0x61.",
        "LINT0 is INTR then, and LINT1 is NMI.",
    ]
    do(four, line)
    assert 0x61 not in four.machine.cpus[2].apic.irr
    assert foreseen(four, "apic 2 xapic").sentences == [
        "The APIC of CPU 2 goes on in xAPIC mode, software-disabled until SVR bit 8 is set."
    ]
    assert foreseen(four, "svr 2 on").sentences == [f"Nothing would be written: {hw.Fault.NOT_DECODED.value}."]


def test_apic_base_that_faults_or_takes_the_page_from_the_guest_says_so(four: Simulation) -> None:
    assert foreseen(four, "msr 1 1b fee00400").sentences == [
        f"Nothing would be written (#GP): {hw.Fault.INVALID_MODE.value}."
    ]
    assert foreseen(four, "apic 1 x2apic").sentences[1].startswith("The guest on CPU 1 loses it: its APIC is in x2APIC")
    assert foreseen(four, "msr 1 1b fed00800").sentences[0] == "The page of CPU 1 will lie at 0xfed00000."
    assert four.machine.cpus[1].apic.base == RESET_BASE


def test_register_that_is_written_as_an_msr_is_foreseen_as_that_register(four: Simulation) -> None:
    assert foreseen(four, "msr 2 808 50").sentences == [f"Nothing would be written (#GP): {hw.Fault.WRONG_MODE.value}."]
    do(four, "apic 2 x2apic")

    for as_msr, as_register in (("msr 2 808 50", "reg 2 TPR 50"), ("msr 2 80f 0ff", "reg 2 SVR 0ff")):
        assert foreseen(four, as_msr) == foreseen(four, as_register)
    kernel = GENERATIONS[four.generation]
    assert foresee(four.machine, command_of(four, "msr 2 801 0"), kernel.vector_names) is None  # no register there


def test_command_that_interrupts_nobody_foresees_nothing(four: Simulation) -> None:
    kernel = GENERATIONS[four.generation]

    for line in ("msr 0 1b", "run", "backend vmi", "reg 0 ESR 0"):
        assert foresee(four.machine, command_of(four, line), kernel.vector_names) is None


LINES = st.one_of(
    st.builds(
        "ipi {} {} {:02x}".format,
        st.integers(0, CPUS - 1),
        st.sampled_from(["0", "1", "2", "3", "0-2", "1,3", "all", "others", "self"]),
        st.integers(16, 255),
    ),
    st.builds("pin {} up".format, st.integers(3, 6)),
    st.builds("msi fee0{}000 {:x}".format, st.integers(0, 7), st.integers(16, 255)),
    st.builds("fire {} thermal".format, st.integers(0, CPUS - 1)),
)
HELD = st.sets(st.integers(0, CPUS - 1))


@given(before=st.lists(LINES, max_size=4), line=LINES, held=HELD)
def test_what_was_foreseen_comes_true(before: list[str], line: str, held: set[int]) -> None:
    simulation = Simulation(CPUS)
    entries = [f"entry {pin} {entry(0x40 + pin, pin - 3)}" for pin in range(3, 7)]
    do(simulation, *entries, *(f"if {cpu} off" for cpu in sorted(held)), *before)
    seen = foreseen(simulation, line)
    simulation.take_log()
    do(simulation, line)

    happened = [event for _, event in simulation.take_log()]
    came = {event.cpu for event in happened if isinstance(event, hw.Accepted | hw.Merged)}
    merged = {event.cpu for event in happened if isinstance(event, hw.Merged)}
    assert came == {*seen.receivers}
    assert merged == {*seen.merges}
