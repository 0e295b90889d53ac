"""Commands as lines: every command has one, which reads as the same command; what is wrong is said with its place; and
whoever writes is offered what may come next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands.command import BaseCommand
from app.commands.guest import CallGuest, SendIpi
from app.commands.line import Surroundings
from app.commands.line_reading import WAYS, ReadLine, Way, read_line
from app.commands.lines import ConfigurePin
from app.commands.registers import Rdmsr, WriteRegister, Wrmsr
from app.commands.table import COMMANDS, Command
from app.commands.transport import StepBy
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
from app.x86.registers import Register
from tests.commands.test_table import commands

CPUS = 4
every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.kind)
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.line.example)


def among(simulation: Simulation, selected: int | None = None) -> Surroundings:
    kernel = GENERATIONS[simulation.generation]
    return Surroundings(simulation.machine, kernel.vector_names, tuple(kernel.functions), {}, selected)


FOUR = among(Simulation(CPUS))


def read(text: str, surroundings: Surroundings = FOUR) -> BaseCommand:
    """The command that *text* is."""
    found = read_line(text, surroundings)
    assert found.command is not None, found.misfit
    return found.command


def wrong(text: str, surroundings: Surroundings = FOUR) -> tuple[str, str]:
    """The words of *text* that are wrong, and why."""
    found = read_line(text, surroundings)
    assert found.command is None
    assert found.misfit is not None
    return text[found.misfit.start : found.misfit.end], found.misfit.says


def offered(text: str, surroundings: Surroundings = FOUR) -> list[str]:
    """What may stand at the end of *text*."""
    return [one.text for one in read_line(text, surroundings, len(text)).completions]


def test_question_mark_offers_every_command_as_an_empty_line_does() -> None:
    asked = read_line("?", FOUR, 1)

    assert offered("?") == offered("") == list(dict.fromkeys(way.line.word for way in WAYS))
    assert (asked.misfit, asked.replaced) == (None, 0)


# There and back


@every_command
def test_command_has_a_line(command: type[Command]) -> None:
    assert any(not line.is_short for line in command.lines)


@every_command
@given(data=st.data())
def test_command_reads_as_its_line_says(command: type[Command], data: st.DataObject) -> None:
    one = data.draw(commands(command))

    assert read(one.to_line()) == one
    assert read(one.to_line(FOUR)) == one


@every_way
def test_example_says_its_own_command(way: Way) -> None:
    assert isinstance(read(way.line.example), way.command)


@every_way
def test_words_of_an_example_are_named_in_its_syntax(way: Way) -> None:
    assert way.line.syntax.split()[0] == way.line.word
    assert way.says.endswith(".")


@given(st.text(max_size=40) | st.lists(st.sampled_from(["ipi", "0", "2", "61", "pin", "up", "l:"])).map(" ".join))
def test_whatever_is_written_is_a_command_or_has_its_fault_named(text: str) -> None:
    found = read_line(text, FOUR)

    assert (found.command is None) == (found.misfit is not None)
    if found.misfit is not None:
        assert 0 <= found.misfit.start <= found.misfit.end <= len(text)
        assert found.misfit.says


# What lines say


def test_vectors_are_hexadecimal_and_cpus_are_not() -> None:
    assert read("ipi 0 2 61") == SendIpi(0, Icr(0x61, destination=2))
    assert read("IPI 0 2 0x61") == read("ipi 0 2 61")


def test_kernel_names_its_vectors() -> None:
    assert read("ipi 0 2 call-function") == SendIpi(0, Icr(0xFB, destination=2))


@pytest.mark.parametrize(
    ("written", "shorthand"),
    [
        ("self", Shorthand.SELF),
        ("all", Shorthand.ALL_INCLUDING_SELF),
        ("others", Shorthand.ALL_EXCLUDING_SELF),
    ],
)
def test_shorthands_have_words(written: str, shorthand: Shorthand) -> None:
    assert read(f"ipi 1 {written} 61") == SendIpi(1, Icr(0x61, shorthand=shorthand))


def test_set_of_cpus_is_a_logical_destination() -> None:
    logical = SendIpi(0, Icr(0x61, destination_mode=DestinationMode.LOGICAL, destination=0b1011))

    assert read("ipi 0 0-1,3 61") == logical
    assert logical.to_line(FOUR) == "ipi 0 0-1,3 61"


def test_one_cpu_by_its_logical_id_says_so() -> None:
    logical = SendIpi(0, Icr(0x61, destination_mode=DestinationMode.LOGICAL, destination=0b0100))

    assert read("ipi 0 2 61 logical") == logical
    assert logical.to_line(FOUR) == "ipi 0 2 61 logical"
    assert logical.to_line() == "ipi 0 l:04 61"


def test_destination_is_that_of_the_mode_of_the_machine() -> None:
    x2apic = among(Simulation(20, "native-x2apic"))

    assert read("ipi 0 17 61", x2apic) == SendIpi(0, Icr(0x61, destination=17))
    assert read("ipi 0 17-18 61", x2apic) == SendIpi(
        0, Icr(0x61, destination_mode=DestinationMode.LOGICAL, destination=0x0001_0006)
    )


def test_set_across_clusters_is_refused_where_it_stands() -> None:
    word, says = wrong("ipi 0 3,17 61", among(Simulation(20, "native-x2apic")))

    assert word == "3,17"
    assert says.startswith("no logical destination names both CPU 3 and CPU 17")


def test_signals_need_no_vector_and_words_behind_the_destination_no_order() -> None:
    assert read("ipi 0 2 nmi") == SendIpi(0, Icr(0, DeliveryMode.NMI, destination=2))
    assert read("ipi 0 2 9a startup") == read("ipi 0 2 startup 9a") == read("ipi 0 2 sipi 9a")
    deassert = Icr(0, DeliveryMode.INIT, destination=2, level=0, trigger_mode=TriggerMode.LEVEL)
    assert read("ipi 0 2 init deassert level") == SendIpi(0, deassert)


def test_reading_and_writing_an_msr_begin_alike() -> None:
    assert read("msr 0 1b fee00800") == Wrmsr(0, 0x1B, 0xFEE0_0800)
    assert read("msr 0 apic_base") == Rdmsr(0, 0x1B)


def test_arguments_of_a_function_go_where_it_has_them() -> None:
    assert read("call 0 send_ipi 2 51") == CallGuest(0, "send_ipi", 2, None, 0x51)
    assert read("call 1 send_ipi_mask others 51") == CallGuest(1, "send_ipi_mask", None, 0b1101, 0x51)
    assert read("call 1 send_ipi_self 41") == CallGuest(1, "send_ipi_self", vector=0x41)
    assert read("call 1 smp_call_function nowait") == CallGuest(1, "smp_call_function", wait=False)


def test_short_lines_change_one_bit_of_what_there_is() -> None:
    machine = FOUR.machine
    entry, svr = machine.io_apic.entries[16], machine.cpus[2].apic.svr

    assert read("mask 16") == ConfigurePin(16, entry | 1 << 16)
    assert read("unmask 16") == ConfigurePin(16, entry & ~(1 << 16))
    assert read("svr 2 off") == WriteRegister(2, Register.SVR, svr & ~0x100)
    assert read("apic 0 off") == Wrmsr(0, 0x1B, 0xFEE0_0100)
    assert read("apic 1 x2apic") == Wrmsr(1, 0x1B, 0xFEE0_0C00)
    assert read("tpr 2 60") == WriteRegister(2, Register.TPR, 0x60)


def test_count_and_unit_of_a_step_stand_in_any_order() -> None:
    assert read("step -1 interrupt") == read("step interrupt -1") == StepBy("interrupt", -1)
    assert read("step") == StepBy()


def test_dot_is_the_selected_cpu() -> None:
    assert read("ipi . 2 61", among(Simulation(CPUS), 3)) == SendIpi(3, Icr(0x61, destination=2))
    assert wrong("ipi . 2 61")[0] == "."


# What is wrong


@pytest.mark.parametrize(
    ("text", "word", "says"),
    [
        ("", "", "nothing is written"),
        ("ipj 0 2 61", "ipj", "there is no command 'ipj'; ipi? Write ? or nothing to see all"),
        ("foo", "foo", "there is no command 'foo'; write ? or nothing to see all"),
        ("?", "?", "? lists the commands, and is none itself"),
        ("ipi 9 2 61", "9", "there is no CPU 9; this machine has 0 to 3"),
        ("ipi 0 2-9 61", "2-9", "there is no CPU 9; this machine has 0 to 3"),
        ("ipi 0 3-2 61", "3-2", "'3-2' ends before it begins"),
        ("ipi 0 nobody 61", "nobody", "'nobody' names nobody: write 2, 0-3,7, all, others, self, l:03 or p:02"),
        ("ipi 0 0,2 61 physical", "0,2", "a physical destination is one APIC ID: one line for each, all or others"),
        ("ipi 0 2", "", "VECTOR is missing: hexadecimal, such as 61, or by the kernel's name"),
        ("tpr 2 160", "160", "0x160 is not at most 0xff"),
        ("pin 16 sideways", "sideways", "'sideways' is none of up, down"),
        ("pin 16", "", "one of up, down is missing"),
        ("pin 24 up", "24", "24 is not in 0 to 23"),
        ("step 99999999999", "99999999999", "99999999999 is not in -1,000,000 to 1,000,000"),
        ("pin 1 up 2", "2", "'2' is more than the line has: pin PIN up"),
        ("msr 0 1b what", "what", "'what' is not hexadecimal: write 0 to ffffffffffffffff"),
        ("reg 0 SVT", "SVT", "'SVT' is not known here; svr?"),
        ("backend vim", "vim", "'vim' is none of native-xapic"),
        ("call 0 send_ipi 0-1 51", "0-1", "send_ipi takes one CPU, not '0-1'"),
        ("call 0 do_boot_cpu 0", "0", "must be another CPU: CPU 0 is online, and cpu_up() answers -EINVAL"),
        ("pic 2 up", "2", "2 is none of 0, 1, 3"),
        ("msi 1000 41", "1000", "0x1000 is not in 0xfee00000 to 0xfeefffff"),
        ("break taken(0x61) onto 2", "onto 2", "'onto' does not belong here"),
        ("step 0", "0", "is 0, which would be nothing"),
    ],
)
def test_fault_is_named_with_its_place(text: str, word: str, says: str) -> None:
    found_word, found_says = wrong(text)

    assert found_word == word
    assert found_says.startswith(says)


# Whoever still writes


@pytest.mark.parametrize("text", ["", "i", "ipi", "ipi 0", "ipi 0 2 ", "pin 16 u", "break taken(", "backend v"])
def test_what_is_only_begun_is_no_fault(text: str) -> None:
    assert read_line(text, FOUR, len(text)).misfit is None
    assert read_line(text, FOUR).misfit is not None


def test_fault_before_the_caret_is_told_while_somebody_writes() -> None:
    text = "ipi 9 2 6"

    assert read_line(text, FOUR, len(text)).misfit is not None


@pytest.mark.parametrize(
    ("text", "among_them"),
    [
        ("", ["ipi", "pin", "seek"]),
        ("s", ["svr", "step", "speed", "seek"]),
        ("ipi 0 ", ["all", "others", "self", "2"]),
        ("ipi 0 2 ", ["fc", "nmi", "logical"]),
        ("ipi 0 2 resch", ["reschedule"]),
        ("pin 16 ", ["up", "down"]),
        ("call 0 smp_", ["smp_call_function", "smp_send_reschedule"]),
        ("reg 0 T", ["TPR"]),
        ("backend ", ["vmi", "kvm-pv"]),
        ("break not ta", ["taken"]),
        ("break cpu(2).pp", ["ppr"]),
        ("msr 0 ap", ["apic_base"]),
    ],
)
def test_what_may_come_next_is_offered(text: str, among_them: list[str]) -> None:
    assert set(among_them) <= {*offered(text)}


def test_completion_takes_the_place_of_what_was_begun() -> None:
    def completed(text: str) -> str:
        found: ReadLine = read_line(text, FOUR, len(text))
        return text[: found.replaced] + found.completions[0].text

    assert completed("pin 16 do") == "pin 16 down"
    assert completed("break irr(0x41) on 2 and tak") == "break irr(0x41) on 2 and taken"
    assert completed("pin 16 ") == "pin 16 up"


def test_completion_looks_at_the_caret_and_not_at_the_end() -> None:
    found = read_line("pin 16 up", FOUR, len("pi"))

    assert {one.text for one in found.completions} == {"pin", "pic"}
    assert found.replaced == 0


def test_hint_says_what_belongs_at_the_caret() -> None:
    assert read_line("ipi ", FOUR, 4).hint == "CPU: the CPU that sends"
    assert read_line("pin 1 ", FOUR, 6).hint == "up: raises it; or down"
