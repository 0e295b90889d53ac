"""The model answers, and what wrong ideas give is told beside it by the name of the idea."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import LowerPin
from app.commands.machine import SetInterruptFlag
from app.commands.registers import WriteRegister
from app.engine.simulation import Simulation
from app.history.record import hash_of, state
from app.hw.events import Acknowledged, InterruptEnded
from app.lesson.kinds.table import KINDS
from app.lesson.playing import command_of, names_of
from app.lesson.questions import Answered, NoAnswer, Question, answered
from app.x86.icr import Icr
from app.x86.registers import Register
from app.x86.units import Vector

pytestmark = pytest.mark.slow


def machine(*lines: str, cpus: int = 4, backend: str = "native-xapic", generation: str | None = None) -> Simulation:
    """A machine on which these have been done; "idle" lets it come to rest, "serving" lets CPU 0 begin a handler."""
    simulation = Simulation(cpus, backend, generation=generation)
    for line in lines:
        if line == "idle":
            simulation.run(until_idle=True)
        elif line == "serving":
            while not simulation.machine.cpus[0].interrupt_flag or not simulation.machine.cpus[0].apic.isr.bits:
                assert simulation.run(operations=1)
        else:
            simulation.apply(command_of(line, simulation))  # type: ignore[arg-type]  # all act on the machine
    return simulation


def ask(simulation: Simulation, kind: str, when: Sequence[str] = (), **values: object) -> Answered:
    given_values = {one.name: values.get(one.name) for one in KINDS[kind].parameters}
    return answered(Question(KINDS[kind], given_values, tuple(when)), simulation, names_of(simulation))


def ideas(found: Answered) -> dict[object, set[str]]:
    return {option.value: {rule.name for rule in option.ideas} for option in found.wrong}


#: CPU 0 serves a device by 0x61 at pin 18, level-triggered, and lets interrupts in; 0x6f and 0x71 have been sent.
SERVING = ("entry 18 a061", "pin 18 up", "serving")


def test_class_and_not_vector_pre_empts() -> None:
    simulation = machine(*SERVING, "if 0 off", "ipi 1 0 6f", "ipi 2 0 51")
    simulation.run(until=simulation.time + 1_500)

    found = ask(simulation, "next_vector", ["if 0 on"], cpu=0)

    assert simulation.machine.cpus[0].apic.irr.highest() == 0x6F
    assert found.right.value == 0x6F  # once 0x61 has ended, and no other comes before it
    assert found.right.words == "0x6f"


def test_wrong_ideas_of_what_comes_next_are_told_by_their_names() -> None:
    simulation = machine("if 0 off", "ipi 1 0 41", "idle", "ipi 1 0 71", "idle", "ipi 1 0 6f", "idle")

    found = ask(simulation, "next_vector", ["if 0 on"], cpu=0)

    assert found.right.value == 0x71
    assert ideas(found) == {0x41: {"first_come", "low_first"}, 0x6F: {"last_come"}}
    assert [option.value for option in found.options] == [0x41, 0x6F, 0x71]
    assert found.too_easy == ""


def test_nothing_is_an_answer() -> None:
    found = ask(machine("tpr 0 60", "ipi 1 0 61", "idle"), "next_vector", cpu=0)

    assert (found.right.value, found.right.words) == (None, "nothing")
    assert {"request_is_interrupt", "class_passes_itself", "vector_not_class"} <= ideas(found)[0x61]


def test_a_question_that_nearly_everybody_gets_right_is_too_easy() -> None:
    found = ask(machine("ipi 1 0 61"), "next_vector", cpu=0)

    assert found.wrong == ()
    assert found.too_easy == ("it is too easy: of the answers that wrong ideas give, none differs from the right one")


@pytest.mark.parametrize(
    ("line", "right", "wrong"),
    [
        ("ipi 0 p:ff 61", (0, 1, 2, 3), {"broadcast_is_255": ()}),
        ("ipi 0 l:0a 61", (1, 3), {"destination_is_number": (), "must_be_equal": ()}),
        ("ipi 0 l:02 61", (1,), {"destination_is_number": (2,)}),
        ("ipi 0 p:03 61", (3,), {"destination_is_bits": (0, 1)}),
        ("ipi 2 all 61", (0, 1, 2, 3), {"sender_is_spared": (0, 1, 3)}),
        ("ipi 2 others 61", (0, 1, 3), {"broadcast_returns": (0, 1, 2, 3), "one_message_one_cpu": (0,)}),
        ("ipi 2 self 61", (2,), {"sender_is_spared": ()}),
    ],
)
def test_who_receives_follows_from_mode_and_shorthand(
    line: str, right: tuple[int, ...], wrong: dict[str, tuple[int, ...]]
) -> None:
    found = ask(machine(), "receivers", [line], vector=0x61)

    assert found.right.value == right
    assert {name: value for value, names in ideas(found).items() for name in names}.items() >= wrong.items()


def test_neither_interrupts_off_nor_priority_keeps_a_cpu_from_receiving() -> None:
    found = ask(machine("if 1 off", "tpr 3 70"), "receivers", ["ipi 0 others 61"], vector=0x61)

    assert found.right.value == (1, 2, 3)
    assert ideas(found)[2, 3] == {"interrupts_off_is_deaf"}
    assert ideas(found)[1, 2] == {"busy_is_deaf"}


@pytest.mark.parametrize(
    ("before", "when", "fate"),
    [
        ((), "ipi 1 0 61", "TAKEN"),
        (("tpr 0 60",), "ipi 1 0 61", "WAITS_PRIORITY"),
        (("if 0 off",), "ipi 1 0 61", "WAITS_IF"),
        (("if 0 off", "ipi 1 0 61", "idle"), "ipi 1 0 61", "MERGED"),
        (("svr 0 off",), "ipi 1 0 61", "REFUSED"),
        ((), "ipi 1 p:77 61", "NOBODY"),
        ((), "ipi 1 0 03", "NOT_SENT"),
        (("entry 4 10061",), "pin 4 up", "NOT_SENT"),
        (("entry 18 1a061",), "pin 18 up", "KEPT"),
        (SERVING, "ipi 1 0 61", "WAITS_PRIORITY"),
        (SERVING, "ipi 1 0 71", "TAKEN"),
    ],
)
def test_what_becomes_of_a_request(before: tuple[str, ...], when: str, fate: str) -> None:
    vector = {"ipi 1 0 03": 3, "ipi 1 0 71": 0x71}.get(when, 0x61)

    assert ask(machine(*before), "fate", [when], cpu=0, vector=vector).right.value == fate


@pytest.mark.parametrize(
    ("entry", "when", "fate"),
    [
        ("entry 18 1a061", ["ipi 0 1 71"], "TAKEN"),
        ("entry 18 1a061", ["pin 18 up", "ipi 0 1 71"], "TAKEN"),
        ("entry 18 1a061", ["ipi 0 1 71", "pin 18 up"], "TAKEN"),
        ("entry 18 1a071", ["pin 18 up", "ipi 0 1 71"], "TAKEN"),
        ("entry 18 10000000001a071", ["pin 18 up", "ipi 0 1 71"], "TAKEN"),
        ("entry 18 10000000001a171", ["pin 18 up"], "KEPT"),
        ("entry 18 100000000010071", ["pin 18 up"], "NOT_SENT"),
        ("entry 18 10000000001a071", ["pin 18 up", "unmask 18"], "TAKEN"),
    ],
)
def test_a_silent_pin_is_the_fate_only_of_what_it_would_ask_for(entry: str, when: list[str], fate: str) -> None:
    assert ask(machine(entry), "fate", when, cpu=1, vector=0x71).right.value == fate


@pytest.mark.parametrize(("cpu", "vector"), [(1, 0x71), (0, 0x61), (1, 0x61)])
def test_a_silent_pin_asks_nobody_else(cpu: int, vector: int) -> None:
    with pytest.raises(NoAnswer, match="nobody asks"):
        ask(machine("entry 18 1a071"), "fate", ["pin 18 up"], cpu=cpu, vector=vector)


def test_a_line_that_waits_for_an_eoi_sends_nothing_now() -> None:
    simulation = machine(*SERVING, "pin 18 down")

    assert ask(simulation, "fate", ["pin 18 up"], cpu=0, vector=0x61).right.value == "KEPT"


def test_what_is_in_service_can_be_requested_once_more() -> None:
    found = ask(machine(*SERVING), "fate", ["ipi 1 0 61"], cpu=0, vector=0x61)

    assert ideas(found)["MERGED"] == {"service_merges"}
    assert "second_is_queued" in ideas(found)["QUEUED"]


def test_three_requests_are_one_handler_or_two() -> None:
    waiting = machine("if 0 off", "ipi 1 0 61", "ipi 2 0 61", "ipi 3 0 61", "idle")
    serving = machine(*SERVING, "ipi 1 0 61", "ipi 2 0 61", "pin 18 down")

    first = ask(waiting, "count", ["if 0 on"], of="handlers", cpu=0, vector=0x61)
    second = ask(serving, "count", of="handlers", cpu=0, vector=0x61)

    assert (first.right.value, ideas(first)) == (1, {0: {"interrupts_off_is_deaf"}, 3: {"second_is_queued"}})
    assert (second.right.value, ideas(second)) == (1, {0: {"service_merges"}, 2: {"second_is_queued"}})


def test_exits_and_hypercalls_are_counted_by_the_model() -> None:
    found = ask(machine(backend="trap-emulate"), "count", ["call 0 smp_call_function"], of="exits")
    simulation = machine("call 0 smp_call_function", "idle", backend="trap-emulate")

    assert found.right.value == simulation.counters.exits
    assert simulation.counters.exits > simulation.counters.accesses
    assert ideas(found)[simulation.counters.accesses] >= {"one_for_each_access"}


def test_ppr_is_class_of_service_or_the_whole_task_priority() -> None:
    served = ask(machine(*SERVING, "tpr 0 35"), "ppr", cpu=0)
    held = ask(machine("tpr 0 45"), "ppr", cpu=0)

    assert (served.right.words, held.right.words) == ("0x60", "0x45")
    assert ideas(served)[0x61] == {"ppr_is_vector", "ppr_is_greater"}
    assert ideas(served)[0x35] == {"ppr_is_tpr"}
    assert ideas(held)[0x40] == {"no_subclass", "requests_raise_ppr"}


def test_order_is_by_priority_among_what_waits() -> None:
    simulation = machine("if 0 off", "ipi 1 0 51", "idle", "ipi 1 0 71", "idle", "ipi 1 0 6f", "idle")

    found = ask(simulation, "order", ["if 0 on"], cpu=0)

    assert found.right.words == "0x71, then 0x6f, then 0x51"
    assert ideas(found)[0x51, 0x71, 0x6F] == {"first_come"}


def test_an_eoi_ends_the_highest_and_not_its_own() -> None:
    nested = machine("entry 16 a051", "entry 18 a071", "pin 16 up", "serving", "pin 18 up")
    while nested.machine.cpus[0].apic.isr.highest() != 0x71 or not nested.machine.cpus[0].interrupt_flag:
        nested.run(operations=1)
    nested.apply(LowerPin(18))
    nested.apply(WriteRegister(0, Register.EOI, 0))

    found = ask(nested, "ended", cpu=0)

    assert [hex(vector) for vector in nested.machine.cpus[0].apic.isr] == ["0x51"]
    assert found.right.value == 0x51
    assert ideas(found)[0x71] == {"own_vector"}
    assert ask(nested, "ended", ["reg 0 EOI 0"], cpu=0).right.value == 0x51


def test_code_waits_for_those_that_have_not_answered() -> None:
    found = ask(machine("if 2 off"), "waits_for", ["call 0 smp_call_function"], cpu=0)

    assert found.right.value == (2,)
    assert ideas(found) == {(): {"sending_is_all"}, (1, 2, 3): {"all_or_nobody"}, (1,): {"one_answer_will_do"}}


def test_who_takes_what_goes_to_the_lowest_priority() -> None:
    simulation = machine("tpr 0 70", "tpr 1 40", "tpr 2 50", "tpr 3 60")

    found = ask(simulation, "next_cpu", ["ipi 3 l:07 61 lowest"], vector=0x61)

    assert found.right.value == 1
    assert ideas(found) == {0: {"lowest_number", "tpr_upside_down"}, 2: {"highest_number"}}


def test_what_cannot_be_done_or_never_happens_has_no_answer() -> None:
    with pytest.raises(NoAnswer, match="writes no EOI"):
        ask(machine(), "ended", cpu=0)
    with pytest.raises(NoAnswer, match="nobody asks CPU 1 for 0x61"):
        ask(machine(), "fate", ["ipi 0 2 61"], cpu=1, vector=0x61)
    with pytest.raises(NoAnswer, match="there is no CPU 7"):
        ask(machine(), "ppr", ["tpr 7 40"], cpu=0)
    with pytest.raises(NoAnswer, match="only what acts on the machine"):
        ask(machine(), "ppr", ["idle"], cpu=0)
    with pytest.raises(NoAnswer, match="does not come to rest"):
        ask(machine("entry 18 a061"), "count", ["pin 18 up"], of="handlers")


def test_asking_changes_nothing() -> None:
    simulation = machine(*SERVING, "ipi 1 0 71")
    before = hash_of(state(simulation))

    for name in ("next_vector", "order", "ppr", "ended", "waits_for"):
        ask(simulation, name, ["pin 18 down"], cpu=0)

    assert hash_of(state(simulation)) == before


ICRS = st.builds(Icr, st.integers(0x20, 0xFE).map(Vector), level=st.just(1), destination=st.integers(0, 3))
COMMANDS = st.one_of(
    st.builds(SendIpi, st.integers(0, 3), ICRS),
    st.builds(WriteRegister, st.integers(0, 3), st.just(Register.TPR), st.integers(0, 0xFF)),
    st.builds(SetInterruptFlag, st.integers(0, 3), st.booleans()),
    st.builds(CallGuest, st.integers(0, 3), st.sampled_from(["smp_call_function", "flush_tlb_others"])),
)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(COMMANDS, st.integers(0, 30)), max_size=8),
    st.sampled_from(["native-xapic", "vmi", "trap-emulate"]),
)
def test_what_is_computed_is_what_happens(commands: list[tuple[SendIpi, int]], backend: str) -> None:
    simulation = Simulation(4, backend)
    for command, operations in commands:
        simulation.apply(command)
        simulation.run(operations=operations)
    expected = {cpu: ask(simulation, "next_vector", cpu=cpu).right.value for cpu in range(4)}
    orders = {cpu: ask(simulation, "order", cpu=cpu).right.value for cpu in range(4)}
    simulation.take_log()

    simulation.run(until_idle=True)

    events = [event for _, event in simulation.take_log()]
    for cpu in range(4):
        taken = [event.vector for event in events if isinstance(event, Acknowledged) and event.cpu == cpu]
        ended = [event.vector for event in events if isinstance(event, InterruptEnded) and event.cpu == cpu]
        assert expected[cpu] == (taken[0] if taken else None)
        assert orders[cpu] == tuple(taken)
        assert len(ended) >= len(taken) - 4
