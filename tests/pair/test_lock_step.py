"""Two machines on one stimulus: nothing differs between equals, and nothing gets lost between others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.backends.catalogue import DEFAULT_SHEETS
from app.commands.command import Stimulus
from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import LowerPin, RaisePin, SendMsi
from app.commands.machine import Demonstrate, SetBackend, SetInterruptFlag
from app.costs.sheet import load_cost_sheet
from app.engine.work import Work
from app.pair.lock_step import LONGEST_STIMULUS, MOST_STEPS, STEPS_KEPT, LockStep
from app.pair.script import Cue, at_once
from app.pair.watched import WatchedSimulation
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand

pytestmark = pytest.mark.slow

CPUS = 3
SHEET = load_cost_sheet(DEFAULT_SHEETS["linux-6"])
#: Every machine that there is, as (back end, kernel), all of which one sheet can price.
MACHINES = [
    ("native-xapic", "linux-2.6.22"),
    ("native-xapic", "linux-6"),
    ("native-x2apic", "linux-6"),
    ("trap-emulate", "linux-2.6.22"),
    ("vmi", "linux-2.6.22"),
    ("kvm-pv", "linux-6"),
    ("hyperv", "linux-6"),
    ("xen-evtchn", "linux-2.6.22"),
    ("xen-evtchn", "linux-6"),
    ("apicv", "linux-6"),
]
Machine = tuple[str, str]


def called(cpu: int, function: str, **arguments: int) -> CallGuest:
    """Only what a test names: hypothesis would make up the rest."""
    return CallGuest(cpu, function, arguments.get("target"), arguments.get("mask"), arguments.get("vector"))


cpus = st.integers(0, CPUS - 1)
vectors = st.integers(0x31, 0xEF)
stimuli: st.SearchStrategy[Stimulus] = st.one_of(
    st.builds(
        SendIpi,
        cpus,
        st.builds(
            lambda *fields: Icr(fields[0], DeliveryMode.FIXED, *fields[1:]),
            vectors,
            st.sampled_from(DestinationMode),
            st.sampled_from(Shorthand),
            st.integers(0, 7),
        ),
    ),
    st.builds(called, cpus, st.sampled_from(["smp_call_function", "flush_tlb_others", "send_ipi_self"])),
    st.builds(called, cpus, st.just("smp_send_reschedule"), target=cpus),
    st.builds(called, cpus, st.just("send_ipi_mask"), mask=st.integers(1, 2**CPUS - 1), vector=vectors),
    st.builds(SendMsi, st.integers(0, CPUS - 1).map(lambda cpu: 0xFEE0_0000 | cpu << 12), vectors),
    st.builds(SetInterruptFlag, cpus, st.booleans()),
)
scripts = st.lists(
    st.lists(st.builds(Cue, st.integers(0, 3000), stimuli, st.none()), min_size=1, max_size=3), max_size=6
)


def simulation(machine: Machine, count: int = CPUS) -> WatchedSimulation:
    return WatchedSimulation(count, machine[0], SHEET, generation=machine[1])


def pair(a: Machine, b: Machine, count: int = CPUS) -> LockStep:
    return LockStep(simulation(a, count), simulation(b, count))


def play(lock_step: LockStep, script: list[list[Cue]]) -> None:
    for cues in script:
        lock_step.begin(tuple(sorted(cues, key=lambda cue: cue.offset)))
        lock_step.run()
        assert lock_step.at_rest


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(MACHINES), scripts)
def test_a_machine_does_not_differ_from_itself(machine: Machine, script: list[list[Cue]]) -> None:
    lock_step = pair(machine, machine)

    play(lock_step, script)

    aligned = [lock_step.aligned(number) for number in range(1, lock_step.stimuli + 1)]
    assert all(one.same for one in aligned)
    assert [one.latency for each in aligned for i in each.interrupts for one in [i.a] if one] == [
        one.latency for each in aligned for i in each.interrupts for one in [i.b] if one
    ]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(MACHINES), st.sampled_from(MACHINES), scripts)
def test_both_get_each_stimulus_once_and_nothing_is_lost_between_the_rows(
    a: Machine, b: Machine, script: list[list[Cue]]
) -> None:
    lock_step = pair(a, b)

    play(lock_step, script)

    for index, side in enumerate(lock_step.sides):
        given_to_it = [entry.command for entry in side.simulation.journal]
        wanted = [cue.command for cues in script for cue in sorted(cues, key=lambda cue: cue.offset)]
        assert given_to_it == wanted
        total = Work()
        for number in range(1, lock_step.stimuli + 1):
            total += lock_step.aligned(number).total[index]
        assert total == lock_step.totals()[index]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(MACHINES), st.sampled_from(MACHINES), scripts)
def test_every_interrupt_stands_in_exactly_one_row(a: Machine, b: Machine, script: list[list[Cue]]) -> None:
    lock_step = pair(a, b)

    play(lock_step, script)

    for number in range(1, lock_step.stimuli + 1):
        rows = lock_step.aligned(number).interrupts
        assert [row.a for row in rows if row.a] == lock_step.a.stretches[number].interrupts
        assert sorted(id(row.b) for row in rows if row.b) == sorted(map(id, lock_step.b.stretches[number].interrupts))


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(MACHINES), st.sampled_from(MACHINES), scripts, st.integers(1, 7))
def test_size_of_the_slices_does_not_matter(a: Machine, b: Machine, script: list[list[Cue]], slices: int) -> None:
    whole, sliced = pair(a, b), pair(a, b)

    play(whole, script)
    for cues in script:
        sliced.begin(tuple(sorted(cues, key=lambda cue: cue.offset)))
        while not sliced.at_rest:
            sliced.run(slices)

    assert sliced.totals() == whole.totals()
    assert [side.simulation.time for side in sliced.sides] == [side.simulation.time for side in whole.sides]


def test_native_sends_without_exit_what_vmi_sends_with_three_hypercalls() -> None:
    lock_step = pair(("native-xapic", "linux-2.6.22"), ("vmi", "linux-2.6.22"))

    play(lock_step, [[Cue(0, SendIpi(0, Icr(0xFC, destination=2)))]])

    (row,) = lock_step.aligned(1).interrupts
    assert row.a is not None
    assert row.b is not None
    assert (row.a.sending.exits, row.b.sending.hypercalls) == (0, 3)
    assert row.differences == ("B: 4 hypercalls instead of no exit",)  # three to send, one to end it


def test_kernels_are_aligned_by_the_names_of_their_vectors() -> None:
    lock_step = pair(("native-xapic", "linux-2.6.22"), ("native-xapic", "linux-6"))

    play(lock_step, [[Cue(0, CallGuest(0, "smp_send_reschedule", target=1))]])

    (row,) = lock_step.aligned(1).interrupts
    assert "B: vector 0xfd instead of 0xfc" in row.differences


def test_interrupts_that_only_one_side_has_are_said_to_be() -> None:
    lock_step = pair(("xen-evtchn", "linux-6"), ("native-xapic", "linux-6"))

    play(lock_step, [[Cue(0, SendIpi(0, Icr(0x51, destination=1)))]])  # a guest without an APIC has no ICR

    (row,) = lock_step.aligned(1).interrupts
    assert row.a is None
    assert row.differences == ("only in B",)


def test_command_may_be_another_one_for_b() -> None:
    lock_step = pair(("native-xapic", "linux-2.6.22"), ("native-xapic", "linux-6"))
    to_1 = (SendIpi(0, Icr(vector, destination=1)) for vector in (0xFC, 0xFD))

    lock_step.begin((Cue(0, *to_1),))
    lock_step.run()

    (row,) = lock_step.aligned(1).interrupts
    assert [one.vector for one in row[:2] if one] == [0xFC, 0xFD]


def test_next_arrival_stops_behind_each_interrupt() -> None:
    lock_step = pair(("native-xapic", "linux-2.6.22"), ("vmi", "linux-2.6.22"))
    lock_step.begin(
        at_once(CallGuest(0, "smp_send_reschedule", target=1), CallGuest(0, "smp_send_reschedule", target=2))
    )

    assert lock_step.run_to_next_arrival(1000)

    assert [side.arrived for side in lock_step.sides] == [1, 1]
    assert not lock_step.at_rest
    assert lock_step.run_to_next_arrival(1000)
    assert [side.arrived for side in lock_step.sides] == [2, 2]


def test_whoever_is_at_the_next_arrival_already_waits_for_the_other() -> None:
    lock_step = pair(("native-xapic", "linux-2.6.22"), ("vmi", "linux-2.6.22"))
    lock_step.begin(
        at_once(CallGuest(0, "smp_send_reschedule", target=1), CallGuest(0, "smp_send_reschedule", target=2))
    )

    while not lock_step.run_to_next_arrival(1):
        pass

    assert [side.arrived for side in lock_step.sides] == [1, 1]


def test_line_that_stays_up_does_not_hold_the_pair_for_ever() -> None:
    lock_step = pair(("native-xapic", "linux-2.6.22"), ("vmi", "linux-2.6.22"))

    lock_step.begin(at_once(RaisePin(18)))
    lock_step.run(LONGEST_STIMULUS)

    assert lock_step.at_rest
    assert lock_step.a.unfinished == {1}
    assert lock_step.begin(at_once(LowerPin(18))) == 2
    lock_step.run()
    assert lock_step.a.unfinished == {1}


def test_second_stimulus_waits_for_the_first() -> None:
    lock_step = pair(MACHINES[0], MACHINES[0])
    lock_step.begin(at_once(CallGuest(0, "smp_call_function")))

    with pytest.raises(ValueError, match="still under way"):
        lock_step.begin(at_once(CallGuest(0, "smp_call_function")))


@pytest.mark.parametrize("command", [SetBackend("vmi"), Demonstrate(True)])
def test_what_would_undo_the_comparison_is_refused(command: Stimulus) -> None:
    lock_step = pair(MACHINES[0], MACHINES[0])

    with pytest.raises(ValueError, match="no place in a pair"):
        lock_step.begin(at_once(command))

    assert lock_step.stimuli == 0


def test_machines_of_different_size_are_no_pair() -> None:
    with pytest.raises(ValueError, match="A has 2 CPUs and B has 3"):
        LockStep(simulation(MACHINES[0], 2), simulation(MACHINES[0], 3))


@pytest.mark.parametrize("number", [0, 1])
def test_stimulus_that_was_not_given_is_not_there(number: int) -> None:
    with pytest.raises(IndexError):
        pair(MACHINES[0], MACHINES[0]).aligned(number)


def test_single_steps_are_kept_for_the_newest_alone() -> None:
    lock_step = pair(MACHINES[0], MACHINES[0], 2)

    play(lock_step, [[Cue(0, SendIpi(0, Icr(0x51, destination=1)))]] * (STEPS_KEPT + 1))

    first, second = (lock_step.aligned(number).interrupts[0].a for number in (1, 2))
    assert first is not None
    assert second is not None
    assert (first.steps == [], second.steps == []) == (True, False)


def test_fewer_stimuli_keep_their_steps_where_those_are_many() -> None:
    lock_step = pair(MACHINES[0], MACHINES[0], 2)
    lock_step.begin(at_once(RaisePin(18)))
    lock_step.run(LONGEST_STIMULUS)

    while sum(stretch.step_count for stretch in lock_step.a.stretches) < MOST_STEPS // 2 - LONGEST_STIMULUS:
        lock_step.begin(at_once(RaisePin(18)))
        lock_step.run(LONGEST_STIMULUS)
    before = lock_step.stimuli
    for _ in range(3):
        lock_step.begin(at_once(RaisePin(18)))
        lock_step.run(LONGEST_STIMULUS)

    kept = [any(side.stretches[number].step_count for side in lock_step.sides) for number in (1, 2, before + 3)]
    assert kept == [False, False, True]
    booked = sum(stretch.entry_count for side in lock_step.sides for stretch in side.stretches[:-1])
    interrupts = sum(len(stretch.interrupts) for side in lock_step.sides for stretch in side.stretches[:-1])
    assert interrupts < lock_step.entries <= booked  # a handler may begin in the stimulus behind its own


def test_books_fill_with_stimuli_that_lead_to_nothing_too() -> None:
    lock_step = LockStep(*(WatchedSimulation(2, "native-xapic", SHEET) for _ in range(2)))
    for _ in range(10):
        lock_step.begin(at_once(SetInterruptFlag(1, True)))
        lock_step.run()
    without_interrupts = lock_step.entries
    for _ in range(10):
        lock_step.begin(at_once(called(0, "smp_send_reschedule", target=1)))
        lock_step.run()
    lock_step.begin(at_once(SetInterruptFlag(1, True)))

    assert without_interrupts == 2 * 10  # on both sides; before the first is one, and the last is not counted yet
    assert lock_step.entries == 2 * (1 + 10 + 10 * 3)  # a stimulus, its interrupt and the handler


def test_whose_a_message_was_is_forgotten_once_it_has_arrived() -> None:
    watched = WatchedSimulation(2, "native-xapic", SHEET)
    for _ in range(20):
        watched.books.begin()
        watched.apply(CallGuest(0, "smp_send_reschedule"))
        watched.run(until_idle=True)

    assert len(watched.books._by_message) <= 1


def test_what_the_guest_of_one_machine_cannot_write_is_left_out_there_with_its_reason() -> None:
    a, b = (WatchedSimulation(CPUS, name, SHEET, generation="linux-6") for name in ("native-x2apic", "native-xapic"))
    pair = LockStep(a, b)

    number = pair.begin(at_once(SendIpi(0, Icr(0x51, destination=0xFFFF_FFFF))))
    pair.run()

    assert pair.at_rest
    assert pair.a.reason_against(number) == ""
    assert "0xffffffff does not fit" in pair.b.reason_against(number)
    assert (a.counters.interrupts_taken, b.counters.interrupts_taken) == (CPUS, 0)
