"""The page of back ends: made from the tables, so that it says what is called."""

from dataclasses import fields
from html import unescape
from itertools import pairwise
from re import sub

import httpx2
import pytest

from app.backends.apicv import INHIBIT_REASONS
from app.backends.catalogue import BACKENDS, backend
from app.guest.apic_ops import ApicOperations, Generation
from app.guest.generations import GENERATIONS
from app.web.pages.back_ends.history import HISTORY, LAYERS
from app.web.pages.back_ends.page import controls, controls_by_sheet, kernel_overrides
from tests.engine.runs import counts

pytestmark = pytest.mark.slow

OLD, NEW = GENERATIONS.values()


@pytest.fixture
def text(http: httpx2.Client) -> str:
    """The words of the page, without its marks."""
    return " ".join(unescape(sub(r"<wbr>", "", http.get("/back-ends").text)).split())


def test_every_operation_lies_in_one_layer() -> None:
    listed = [name for _, _, _, names in LAYERS for name in names]

    assert sorted(listed) == sorted(field.name for field in fields(ApicOperations))


@pytest.mark.parametrize("generation", [NEW, pytest.param(OLD, marks=pytest.mark.slow)], ids=lambda kernel: kernel.name)
def test_each_replacement_stands_in_the_column_of_its_back_end(generation: Generation) -> None:
    kernel = kernel_overrides(generation)
    for place, bound in enumerate(kernel.bound):
        found = {
            operation.name: operation.replacing[place]
            for layer in kernel.layers
            for operation in layer.operations
            if operation.replacing[place]
        }
        assert found == {name: getattr(bound.operations, name).__name__ for name in bound.overrides}


def test_page_names_every_function_and_counts_them(text: str) -> None:
    for name, definition in BACKENDS.items():
        for key, generation in GENERATIONS.items():
            if definition.reason_against(generation) is None:
                bound = backend(name, key)
                assert all(f"<code>{function}</code>" in text for function in bound.replacements)
                assert f"<b>{len(bound.overrides)}</b> of {len(generation.xapic.entries())} operations" in text


def test_page_says_why_a_back_end_is_not_there(text: str) -> None:
    for name, definition in BACKENDS.items():
        for generation in GENERATIONS.values():
            reason = definition.reason_against(generation)
            assert reason is None or f"<code>{name}</code></dt><dd>not with this kernel: {reason}." in text


def test_crossings_are_those_of_the_back_ends() -> None:
    cells = {primitive.name: primitive.cells for primitive in kernel_overrides(OLD).primitives}

    assert [bound.name for bound in kernel_overrides(OLD).bound] == [
        "native-xapic",
        "trap-emulate",
        "vmi",
        "xen-evtchn",
    ]
    assert [counts(work) for work in cells["Send to one CPU"]] == [(3, 0, 0), (3, 3, 0), (3, 3, 3), (0, 1, 1)]


def test_page_of_memory_is_answered_by_somebody_whom_no_table_names() -> None:
    words = dict(zip((bound.name for bound in kernel_overrides(NEW).bound), kernel_overrides(NEW).page, strict=True))

    assert words["native-xapic"] == "the hardware"
    assert words["trap-emulate"] == words["hyperv"] == "a fault: exit and decode"
    assert words["kvm-pv"] == "nobody: no page in x2APIC mode"
    assert words["xen-evtchn"] == "an empty page"
    assert words["apicv"] == "the virtual-APIC page"


def test_page_says_which_controls_each_sheet_has(http: httpx2.Client) -> None:
    words = dict(controls_by_sheet())

    assert words["sapphire-rapids"] == "all"
    assert words["skylake-sp"] == "without IPI virtualisation: skylake-sp has none"
    assert words["2007"].startswith("none at all: 2007 has no figure for virtual_apic_access")
    assert words["skylake-sp"] in http.get("/back-ends").text


def test_controls_spare_more_and_more_exits() -> None:
    by_page = [row.exits for row in controls()[:-1]]

    assert all(
        after <= before for earlier, later in pairwise(by_page) for before, after in zip(earlier, later, strict=True)
    )
    assert sum(by_page[0]) > sum(by_page[-1])


def test_page_says_what_inhibits_hardware_and_how_the_argument_ended(text: str) -> None:
    assert all(reason in text for reason in INHIBIT_REASONS)
    assert all(turn.change in text and turn.meaning in text for turn in HISTORY)
    assert "logical_smp_processor_id()" in text


@pytest.mark.parametrize("path", ["/docs", "/profiles", "/registers", "/"])
def test_other_pages_lead_here(http: httpx2.Client, path: str) -> None:
    assert 'href="/back-ends"' in http.get(path, follow_redirects=True).text
