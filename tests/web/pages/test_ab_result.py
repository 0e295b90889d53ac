"""What the A/B page shows of a pair: whole rows, both directions of a ratio, the table's end, what differs in steps."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.commands.guest import CallGuest, SendIpi
from app.commands.machine import SetInterruptFlag
from app.costs.sheet import load_cost_sheet
from app.engine.work import Work
from app.pair.accounts import Interrupt
from app.pair.alignment import AlignedInterrupt, AlignedStimulus
from app.pair.recorded_script import Machine
from app.session.pair import Pair
from app.session.pairs import Pairs, Wanted
from app.session.share import Share
from app.session.workshop import Workshop
from app.web.pages.ab.result import ROWS, Half, Row, result_context, rows_of, spoken_result
from app.x86.icr import DeliveryMode, Icr

NATIVE, VMI = Machine("native-xapic", "linux-2.6.22"), Machine("vmi", "linux-2.6.22")
TO_CPU_2 = SendIpi(0, Icr(0xFC, destination=2))

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Pairs live on asyncio alone."""
    return "asyncio"


@pytest.fixture
async def pairs() -> AsyncIterator[Pairs]:
    made = Pairs(Share(), Workshop())
    yield made
    await made.stop(1000)


async def made(pairs: Pairs, a: Machine = NATIVE, b: Machine = VMI) -> Pair:
    return pairs.create(Wanted(a, b, load_cost_sheet("2007"), cpus=3))


def of_first_stimulus(pair: Pair) -> list[Interrupt]:
    return [side.stretches[1].interrupts[0] for side in pair.lock_step.sides]


def per_cent(part: int | None, whole: int | None) -> float:
    assert part
    assert whole
    return round(100 * part / whole, 2)


# Rows


def first_row(pair: Pair) -> Row:
    row: Row = result_context(pair, 0, 0)["rows"][0]
    return row


async def test_row_has_native_without_an_exit_beside_vmi_with_four_hypercalls(pairs: Pairs) -> None:
    pair = await made(pairs)
    await pair.give(TO_CPU_2)
    a, b = of_first_stimulus(pair)

    cycles, latency = per_cent(a.total.cycles, b.total.cycles), per_cent(a.latency, b.latency)
    assert first_row(pair) == Row(
        number=1,
        first=True,
        stimulus="CPU 0 sends 0xfc",
        interrupt="0xfc (reschedule) CPU 0 → 2",
        halves=(
            Half("A", "native-xapic", True, a.total, cycles, a.latency, latency, "2", 0, 0, messages=tuple(a.numbers)),
            Half("B", "vmi", True, b.total, 100.0, b.latency, 100.0, "2", 3, 1, messages=tuple(b.numbers)),
        ),
        ratio=f"× {b.total.cycles / a.total.cycles:.2f}",
        differences=("B: 4 hypercalls instead of no exit",),
        order=0,
    )
    assert 3 < b.total.cycles / a.total.cycles < 9


async def test_states_of_cpus_are_told_in_the_words_of_the_machine_s_page(pairs: Pairs) -> None:
    pair = await made(pairs)
    await pair.give(SendIpi(0, Icr(0, DeliveryMode.INIT, destination=2)))

    a, b = result_context(pair, 0, 0)["sides"]

    assert [cpu["run_state"] for cpu in a["cpus"]] == ["halted", "halted", "waits for SIPI"]
    assert a["cpus"] == b["cpus"]


async def test_row_of_the_two_the_other_way_round_is_the_mirror_image(pairs: Pairs) -> None:
    pair = await made(pairs, VMI, NATIVE)
    await pair.give(TO_CPU_2)
    a, b = of_first_stimulus(pair)

    row = first_row(pair)

    assert [(half.backend, half.work.exits, half.work.hypercalls) for half in row.halves] == [
        ("vmi", 4, 4),
        ("native-xapic", 0, 0),
    ]
    assert row.ratio == f"× {b.total.cycles / a.total.cycles:.2f}"
    assert row.ratio.startswith("× 0.")
    assert row.differences == ("B: no exit instead of 4 hypercalls",)


def aligned(
    interrupts: tuple[AlignedInterrupt, ...] = (), rest: tuple[Work, Work] | None = None, *, differences: str = ""
) -> AlignedStimulus:
    nothing = (Work(), Work())
    said = (differences,) if differences else ()
    return AlignedStimulus(7, (CallGuest(0, "do_boot_cpu"),), interrupts, rest or nothing, nothing, said)


async def test_half_of_a_machine_that_sent_nothing_is_empty(pairs: Pairs) -> None:
    pair = await made(pairs)
    await pair.give(TO_CPU_2)
    a, b = of_first_stimulus(pair)

    only_a, only_b = rows_of(
        pair,
        [aligned((AlignedInterrupt(a, None, ("only in A",)), AlignedInterrupt(None, b, ("only in B",))))],
    )

    assert only_a.halves[1] == Half("B", "vmi", False, Work(), 0, None, 0, "", 0, 0)
    assert only_b.halves[0] == Half("A", "native-xapic", False, Work(), 0, None, 0, "", 0, 0)
    assert (only_a.ratio, only_b.ratio) == ("none", "–")
    assert [only_a.halves[0].here, only_b.halves[1].here] == [True, True]


async def test_what_differs_over_all_interrupts_is_said_with_the_first(pairs: Pairs) -> None:
    pair = await made(pairs)
    await pair.give(TO_CPU_2)
    a, b = of_first_stimulus(pair)
    both = AlignedInterrupt(a, b, ("of the row",))

    rows = rows_of(pair, [aligned((both, both), differences="over all")])

    assert [(row.first, row.differences) for row in rows] == [
        (True, ("of the row", "over all")),
        (False, ("of the row",)),
    ]


async def test_stimulus_without_an_interrupt_shows_the_rest_of_each(pairs: Pairs) -> None:
    pair = await made(pairs)
    a, b = Work(accesses=1, exits=5, hypercalls=2, cycles=100), Work(accesses=1, exits=9, hypercalls=3, cycles=250)

    assert rows_of(pair, [aligned(rest=(a, b))]) == [
        Row(
            7,
            True,
            "CPU 0 calls do_boot_cpu()",
            "no interrupt message",
            (
                Half("A", "native-xapic", True, a, 0, None, 0, "", 0, 0),
                Half("B", "vmi", True, b, 0, None, 0, "", 0, 0),
            ),
            "× 2.50",
            (),
        )
    ]


# Totals


@pytest.mark.parametrize(
    ("machines", "crossings"),
    [((NATIVE, VMI), ["–", "–", "the same"]), ((VMI, NATIVE), ["none", "none", "the same"])],
    ids=["native first", "VMI first"],
)
async def test_totals_are_those_of_both_and_their_ratio_is_that_of_b_to_a(
    pairs: Pairs, machines: tuple[Machine, Machine], crossings: list[str]
) -> None:
    pair = await made(pairs, *machines)
    await pair.give(TO_CPU_2)
    a, b = pair.lock_step.totals()

    assert result_context(pair, 0, 0)["totals"] == [
        {"name": "exits", "a": a.exits, "b": b.exits, "ratio": crossings[0]},
        {"name": "of them hypercalls", "a": a.hypercalls, "b": b.hypercalls, "ratio": crossings[1]},
        {"name": "accesses", "a": 4, "b": 4, "ratio": crossings[2]},
        {"name": "cycles", "a": a.cycles, "b": b.cycles, "ratio": f"× {b.cycles / a.cycles:.2f}"},
    ]
    assert sorted((a.hypercalls, b.hypercalls)) == [0, 4]


async def test_newest_stimulus_is_spoken_with_the_ratio_of_b_to_a(pairs: Pairs) -> None:
    pair = await made(pairs)
    assert spoken_result(pair) == "Nothing has been caused yet."

    await pair.give(TO_CPU_2)

    a, b = (side.stretches[1].total.cycles for side in pair.lock_step.sides)
    said = f"1: CPU 0 sends 0xfc. B: 4 hypercalls instead of no exit. Cycles of B to A: × {b / a:.2f}."
    assert spoken_result(pair) == said


# Which stimuli


@pytest.fixture
async def pair_after_three(pairs: Pairs) -> Pair:
    pair = await made(pairs)
    await pair.give(TO_CPU_2)
    await pair.give(SetInterruptFlag(1, True))
    await pair.give(TO_CPU_2)
    return pair


@pytest.mark.parametrize(
    ("until", "numbers"), [(1, [1]), (2, [2, 1]), (0, [3, 2, 1]), (3, [3, 2, 1]), (9, [3, 2, 1]), (-1, [3, 2, 1])]
)
async def test_table_ends_with_the_stimulus_that_was_asked_for(
    pair_after_three: Pair, until: int, numbers: list[int]
) -> None:
    context = result_context(pair_after_three, 0, until)

    assert [row.number for row in context["rows"]] == numbers
    assert (context["first"], context["last"]) == (1, numbers[0])
    assert context["detail"]["number"] == numbers[0]


@pytest.mark.parametrize(("opened", "shown"), [(1, 1), (3, 3), (0, 2), (4, 2), (-1, 2)])
async def test_stimulus_that_was_opened_is_shown_step_by_step_else_the_last_of_the_table(
    pair_after_three: Pair, opened: int, shown: int
) -> None:
    assert result_context(pair_after_three, opened, 2)["detail"]["number"] == shown


async def test_table_has_no_more_stimuli_than_fit(pairs: Pairs) -> None:
    pair = await made(pairs)
    for _ in range(ROWS + 2):
        await pair.give(SetInterruptFlag(1, True))

    context = result_context(pair, 0, 0)

    assert [row.number for row in context["rows"]] == list(range(ROWS + 2, 2, -1))
    assert (context["first"], context["last"]) == (3, ROWS + 2)


async def test_pair_without_a_stimulus_has_no_rows_and_no_steps(pairs: Pairs) -> None:
    context = result_context(await made(pairs), 1, 1)

    assert (context["rows"], context["detail"]) == ([], None)


# Step by step


def marked(side: dict[str, Any], *, differs: bool) -> list[str]:
    return [step.words for step in side["steps"] if step.differs is differs]


async def test_steps_that_the_other_side_has_none_like_are_marked(pairs: Pairs) -> None:
    pair = await made(pairs)
    await pair.give(TO_CPU_2)

    native, under_vmi = result_context(pair, 0, 0)["detail"]["sides"]

    in_both = [
        "turns interrupts off",
        "turns interrupts on",
        "takes the interrupt through its gate",
        "the scheduler will run on the way out",
        "returns from the interrupt",
    ]
    assert (native["side"], under_vmi["side"]) == ("A", "B")
    assert marked(native, differs=False) == marked(under_vmi, differs=False) == in_both
    assert marked(native, differs=True) == [
        "load from ICR LOW (0x300)",
        "store 0x02000000 to ICR HIGH (0x310)",
        "store 0x000040fc to ICR LOW (0x300)",
        "store 0x00000000 to EOI (0x0b0)",
    ]
    calls = [words for words in marked(under_vmi, differs=True) if words.startswith("APIC")]
    assert calls == [
        "APICRead ICR LOW (0x300)",
        "APICWrite ICR HIGH (0x310) = 0x02000000",
        "APICWrite ICR LOW (0x300) = 0x000040fc",
        "APICWrite EOI (0x0b0) = 0x00000000",
    ]


async def test_nothing_is_marked_between_equals(pairs: Pairs) -> None:
    pair = await made(pairs, VMI, VMI)
    await pair.give(TO_CPU_2)

    for side in result_context(pair, 0, 0)["detail"]["sides"]:
        assert marked(side, differs=True) == []
        assert len(side["steps"]) > 10


async def test_rest_of_each_side_is_told_beside_its_steps(pairs: Pairs) -> None:
    pair = await made(pairs)
    await pair.give(TO_CPU_2)

    native, under_vmi = result_context(pair, 0, 0)["detail"]["sides"]

    halting = 2 * load_cost_sheet("2007").cycles["vm_exit"]
    assert native["rest"] == ""
    assert under_vmi["rest"] == f"Besides its interrupts: 2 exits, {halting:,} cycles (idling, timers)."
