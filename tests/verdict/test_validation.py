"""Published figures that no sheet was made from: what the model makes of them, and what it says where it misses."""

import re
from pathlib import Path

import pytest

from app.verdict.validation.experiments import (
    FACTOR,
    Validation,
    experiments,
    markdown,
    reasons,
    same_direction,
    summary,
    validations,
    written,
)
from app.verdict.validation.published import RATIO, Published
from tests.costs.test_sheet_figures import HELD_BACK

pytestmark = pytest.mark.slow
README = Path(__file__).parents[2] / "README.md"
#: What the model reproduces. The list only grows.
REPRODUCED = {
    "IPI to one and back, cluster x2APIC",
    "IPI to one and back, physical x2APIC",
    "IPI to one, AVIC to `kvm-pv`",
    "IPI to one, one way, IPIs virtualised",
    "`ipi`, Skylake-SP, plain",
    "virtual IPI, Xen HVM, if the guest used x2APIC",
    "broadcast to 79, `kvm-pv` to physical x2APIC",
    "broadcast to 79, `kvm-pv` to cluster x2APIC",
    "IPI to one and back, `kvm-pv` to physical x2APIC",
    "IPI to one and back, `kvm-pv` to cluster x2APIC",
    "VM entries under interrupt load, without PV EOI",
    "VM entries under interrupt load, with PV EOI",
    "VM entries, PV EOI to none",
    "virtual IPI, KVM, if the guest used x2APIC",
    "virtual IPI, Xen HVM, if the guest used xAPIC",
    "`ipi`, Skylake-SP, ICR fast path",
    "`ipi`, Skylake-SP, early fast path",
    "`ipi`, Skylake-SP, fast path, other order",
    "`ipi`, xAPIC, virtualised to not",
    "`ipi`, x2APIC, virtualised to not",
    "IPI to one, one way, IPIs not virtualised",
    "IPI to one, one way, virtualised to not",
    "IPI to one, and back, IPIs not virtualised",
    "IPI to one, and back, IPIs virtualised",
    "IPI to one, and back, virtualised to not",
    "IPI to one, AVIC",
    "IPI to one, `kvm-pv`",
}


def row(claim: str) -> Validation:
    return next(row for row in validations() if row.claim == claim)


def test_the_table() -> None:
    """`pytest -s` prints it."""
    print("\n" + markdown(validations()))  # noqa: T201 - that is what it is for

    assert len(validations()) > 30


def test_every_figure_is_within_the_factor_or_says_why_not() -> None:
    for found in validations():
        assert found.ratio == found.model / found.published
        assert found.within is not bool(found.why_not)
        if found.within:
            assert 1 / FACTOR <= found.ratio <= FACTOR


def test_what_was_reproduced_still_is() -> None:
    assert {found.claim for found in validations() if found.within} >= REPRODUCED


def test_every_figure_says_where_it_comes_from_and_what_was_run() -> None:
    for found in validations():
        assert len(found.source) > 20, found.claim
        assert len(found.how) > 20, found.claim


def test_every_figure_that_is_held_back_from_the_sheets_is_tried() -> None:
    tried = {re.sub(r"\D", "", f"{found.published:g}") for found in validations()}
    seconds = {f"{found.published / 10:g}" for found in validations()}  # 100,000 rounds: µs a round, or s in all
    load = {"22124"}  # what the load is made from: an input, and no claim
    derived = {"198": "1985", "78": "781"}

    for figure in HELD_BACK:
        digits = re.sub(r"\D", "", figure)
        if figure == "3319":
            continue  # the same as 3203 before a change of order that the model does not know
        assert {digits, derived.get(digits, digits)} & (tried | load) or figure in seconds, figure


def test_paravirtual_broadcast_gains_more_over_single_sends_than_over_clusters() -> None:
    assert row("broadcast to 79, `kvm-pv` to physical x2APIC").model < 0.5
    assert 0.5 < row("broadcast to 79, `kvm-pv` to cluster x2APIC").model < 1


def test_one_way_and_there_and_back_are_different_figures_and_are_held_against_their_own() -> None:
    for variant in ("IPIs not virtualised", "IPIs virtualised"):
        one_way, back = row(f"IPI to one, one way, {variant}"), row(f"IPI to one, and back, {variant}")

        assert one_way.published < back.published
        assert one_way.model < back.model


def test_the_physical_pair_of_2018_is_not_called_cluster() -> None:
    assert row("IPI to one and back, physical x2APIC").published == pytest.approx(2.554, abs=0.001)
    assert row("IPI to one and back, `kvm-pv` to physical x2APIC").published < 1
    assert row("IPI to one and back, cluster x2APIC").published == pytest.approx(2.513, abs=0.001)
    assert row("IPI to one and back, `kvm-pv` to cluster x2APIC").published > 1


def test_an_xapic_guest_asks_its_hypervisor_even_for_one_target() -> None:
    assert row("IPI to one, `kvm-pv`").model > 1_900, "a hypercall is dearer than a write of ICR that exits"


def test_no_reason_speaks_of_sleep_where_all_targets_ran() -> None:
    assert not [reason for reason in reasons(validations()) if "slept" in reason]
    for found in validations():
        if found.experiment == "AVIC beside trapped, to 179":
            assert "in guest mode" in found.how


def test_one_model_figure_counts_as_one_experiment() -> None:
    of_skylake = [found for found in validations() if found.experiment == "`ipi`, Skylake-SP"]

    assert len(of_skylake) == 4
    assert len({found.model for found in of_skylake}) == 1
    assert len(experiments(validations())) == 14


def test_an_experiment_comes_out_only_in_every_row() -> None:
    by_name = experiments(validations())

    for name, whole in by_name.items():
        assert whole is all(found.within for found in validations() if found.experiment == name)
    assert f"{sum(by_name.values())} of these" in summary(validations())


def test_a_gain_that_is_a_loss_here_is_not_reproduced() -> None:
    figure = Published("gain", 0.9, RATIO, "source", "how", lambda: 1.1, "why", "one")

    assert not same_direction(figure, 1.1)
    assert same_direction(figure, 0.7)
    assert same_direction(Published("time", 0.9, "µs", "source", "how", lambda: 1.1, "why", "one"), 1.1)


def test_neither_gain_nor_loss_is_no_other_direction() -> None:
    assert same_direction(Published("as before", 0.98, RATIO, "source", "how", lambda: 1.0, "why", "one"), 1.0)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (4238, "cycles", "4,238 cycles"),
        (198.45, "µs", "198.4 µs"),
        (1.459, "µs", "1.46 µs"),
        (0.393, RATIO, "× 0.39"),
    ],
)
def test_figures_are_written_as_precisely_as_they_were_published(value: float, unit: str, words: str) -> None:
    assert written(value, unit) == words


def test_reasons_are_told_once() -> None:
    assert len(set(reasons(validations()))) == len(reasons(validations())) < 10


def test_the_readme_holds_the_table() -> None:
    text = README.read_text()
    table = re.search(r"<!-- validation -->\n(.*?)\n<!-- /validation -->", text, re.DOTALL)

    assert table is not None
    assert table[1] == markdown(validations()), "`pytest -s -k test_the_table` prints what belongs there"
