"""What each back end says of itself is so."""

import re
from pathlib import Path

import pytest

from app.backends.backend import Backend, BackendDefinition, Hue
from app.backends.catalogue import BACKENDS, BY_REGISTERS
from app.backends.shared_eoi import SharesEoiWord
from app.guest.generations import GENERATIONS
from app.guest.steps import Dereference, VirtualRead
from app.x86.registers import Register
from tests.backends.by_hand import intercepted

README = Path(__file__).parents[2] / "README.md"
OF_THE_REGISTER = {"apic_read", "apic_write", "startup_ipi_hook"}
every_back_end = pytest.mark.parametrize("definition", BACKENDS.values(), ids=BACKENDS)


def bound_to_each_kernel(definition: BackendDefinition) -> list[Backend]:
    kernels = [kernel for kernel in GENERATIONS.values() if definition.reason_against(kernel) is None]
    return [definition.bind(kernel) for kernel in kernels]


def overrides(definition: BackendDefinition) -> set[str]:
    return {name for bound in bound_to_each_kernel(definition) for name in bound.overrides}


def page_is_answered_in_the_guest(definition: BackendDefinition) -> bool:
    if definition.hypervisor is None:
        return True
    steps = intercepted(bound_to_each_kernel(definition)[0], Dereference(Register.ID, ""))
    return steps is not None and [type(step) for step in steps] == [VirtualRead]


def hue_of(definition: BackendDefinition) -> Hue:
    replaced = overrides(definition)
    if not replaced:
        return "ink" if page_is_answered_in_the_guest(definition) else "crimson"
    return "amber" if replaced <= OF_THE_REGISTER else "blue"


@every_back_end
def test_hue_says_what_it_replaces(definition: BackendDefinition) -> None:
    assert definition.mark.hue == hue_of(definition)


@every_back_end
def test_sentence_is_one_that_no_other_has(definition: BackendDefinition) -> None:
    assert definition.sentence.endswith(".")
    assert [each.name for each in BACKENDS.values() if each.sentence == definition.sentence] == [definition.name]


@every_back_end
def test_word_is_shared_by_those_whose_hypervisor_offers_it(definition: BackendDefinition) -> None:
    assert definition.shares_eoi_word is isinstance(definition.hypervisor, SharesEoiWord)


@every_back_end
def test_virtual_page_is_had_by_those_on_whose_page_loads_do_not_exit(definition: BackendDefinition) -> None:
    in_guest = page_is_answered_in_the_guest(definition) and definition.hypervisor is not None

    assert definition.has_virtual_page is in_guest


@every_back_end
def test_places_are_of_functions_that_it_puts_into_a_table(definition: BackendDefinition) -> None:
    own = {
        function
        for bound in bound_to_each_kernel(definition)
        for function in (*(getattr(bound.operations, name) for name in bound.overrides), bound.set_next_event)
    }

    assert definition.places.keys() <= own


@every_back_end
def test_turns_of_its_history_are_in_the_order_of_time(definition: BackendDefinition) -> None:
    assert list(definition.history) == sorted(definition.history)


def test_recordings_are_priced_register_by_register_where_sends_are_the_kernel_s_own() -> None:
    assert BY_REGISTERS == ("native-xapic", "trap-emulate", "vmi")


def test_readme_lists_every_back_end_in_the_same_order_and_says_who_overrides_nothing() -> None:
    table = README.read_text().partition("| back end | overrides in the guest |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(.*?)` \| (.*?) \|", table, re.MULTILINE)

    assert [name for name, _ in rows] == list(BACKENDS)
    assert [name for name, words in rows if words == "nothing"] == [
        name for name, definition in BACKENDS.items() if not overrides(definition)
    ]
