"""Everything that is defined is explained, and its bits add up."""

import re

import pytest

from app.x86.bitfields import Layout
from app.x86.definitions import Definition, OtherRegister, RegisterDefinition, VectorSet
from app.x86.reference import GENERAL_RULES, SUBJECTS
from app.x86.register_map import REGISTERS
from app.x86.registers import Access, Register

pytestmark = pytest.mark.slow  # many together

DEFINITIONS = [definition for subject in SUBJECTS for definition in subject.definitions]
SENTENCE = re.compile(r"(?=\S).*\.", re.DOTALL)
SOURCE = re.compile(r'(SDM vol\. 3|82093AA|ICH9), "[^"]+"(, "[^"]+")*(; SDM vol\. 3, "[^"]+")?')


def name_of(definition: Definition) -> str:
    return definition.register.name if isinstance(definition, RegisterDefinition) else definition.name


def layouts_of(definition: Definition) -> list[tuple[Layout, int]]:
    """Each layout with the width of what it divides, in bits."""
    match definition:
        case RegisterDefinition(layout=layout, xapic_layout=xapic, x2apic_layout=x2apic, register=register):
            wide = 64 if register is Register.ICR_LOW else 32
            others = [(xapic, 32), (x2apic, wide)]
            return [(layout, 32), *((other, width) for other, width in others if other is not None)]
        case VectorSet(vectors=vectors):
            return [(Layout((vectors,)), 32)]
        case OtherRegister(layout=layout, width=width):
            return [(layout, width)]


definitions = pytest.mark.parametrize("definition", DEFINITIONS, ids=[name_of(each) for each in DEFINITIONS])


def test_every_register_of_the_model_is_in_the_reference_once() -> None:
    listed = [definition.register for definition in DEFINITIONS if isinstance(definition, RegisterDefinition)]
    sets = [definition.first for definition in DEFINITIONS if isinstance(definition, VectorSet)]
    words = [first + 16 * index for first in sets for index in range(8)]

    assert sorted([*listed, *words]) == list(REGISTERS)


def test_names_are_unique() -> None:
    names = [name_of(definition) for definition in DEFINITIONS]

    assert len(set(names)) == len(names)


@definitions
def test_it_is_explained_in_sentences(definition: Definition) -> None:
    fields = [field for layout, _ in layouts_of(definition) for field in layout.fields]

    assert definition.title
    assert fields
    assert definition.rules
    for text in (definition.meaning, *definition.rules, *(field.meaning for field in fields)):
        assert SENTENCE.fullmatch(text), text


@definitions
def test_its_source_names_sections_by_title(definition: Definition) -> None:
    assert SOURCE.fullmatch(definition.source), definition.source


@pytest.mark.parametrize("rule", GENERAL_RULES)
def test_general_rules_are_sentences(rule: str) -> None:
    assert SENTENCE.fullmatch(rule)


@definitions
def test_its_fields_fit_and_do_not_overlap(definition: Definition) -> None:
    for layout, width in layouts_of(definition):
        assert layout.defined_mask.bit_count() == sum(field.mask.bit_count() for field in layout.fields)
        assert all(width > field.high >= field.low >= 0 for field in layout.fields)


@definitions
def test_its_reset_value_has_no_reserved_bits(definition: Definition) -> None:
    layout, _ = layouts_of(definition)[0]
    reset = 0 if isinstance(definition, VectorSet) else definition.reset or 0

    assert reset & ~layout.defined_mask == 0


@definitions
def test_what_holds_no_value_cannot_be_read(definition: Definition) -> None:
    if isinstance(definition, OtherRegister) and definition.reset is None:
        assert definition.access is Access.WRITE or definition.name == "IOWIN"
