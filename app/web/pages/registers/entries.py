"""The register reference as the page shows it, made from the definitions that the model runs on."""

from typing import NamedTuple

from app.web.pages.registers.bit_strips import Cell, reserved_bits, strip
from app.x86.bitfields import Field, Layout
from app.x86.definitions import Definition, OtherRegister, RegisterDefinition, VectorSet
from app.x86.model_specific_registers import x2apic_msr
from app.x86.reference import SUBJECTS
from app.x86.registers import Access, Register
from app.x86.words import name_words

NOT_THERE = "not there"
NOTHING_TO_READ = "holds nothing"


class Way(NamedTuple):
    """One way to reach a register: in which address space, where in it, and what may be done there."""

    through: str
    place: str
    access: str


class FieldRow(NamedTuple):
    """One field in words."""

    bits: str
    name: str
    access: str
    meaning: str


class Picture(NamedTuple):
    """The bits of a register, drawn and in words. ``mode`` is empty where they are the same in both modes."""

    mode: str
    rows: list[list[Cell]]
    fields: list[FieldRow]


class Entry(NamedTuple):
    """One register of the page; ``name`` is its anchor too."""

    name: str
    title: str
    meaning: str
    ways: tuple[Way, ...]
    reset: str
    reset_note: str
    pictures: tuple[Picture, ...]
    rules: tuple[str, ...]
    source: str

    def text(self) -> str:
        """All its words, for the filter."""
        parts = [self.name, name_words(self.name), self.title, self.meaning, self.reset, self.reset_note, self.source]
        parts += [*self.rules, *(part for way in self.ways for part in way)]
        parts += [part for picture in self.pictures for field in picture.fields for part in field]
        return " ".join(parts).casefold()


class Chapter(NamedTuple):
    """Entries of one subject."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def anchor(self) -> str:
        return self.name.lower().replace("/", "").replace(" ", "-")


def hexadecimal(value: int, width: int) -> str:
    """*value* with all the digits that a register of *width* bits has."""
    digits = f"{value:0{width // 4}x}"
    return "0x" + "_".join(digits[at : at + 8] for at in range(0, len(digits), 8))


def entry_of(definition: Definition) -> Entry:
    """What the page says of *definition*."""
    match definition:
        case RegisterDefinition():
            return _local_entry(definition)
        case VectorSet():
            return _vector_entry(definition)
        case OtherRegister():
            return _other_entry(definition)


def _local_entry(definition: RegisterDefinition) -> Entry:
    readable = definition.xapic.readable or definition.x2apic.readable
    return Entry(
        definition.register.name,
        definition.title,
        definition.meaning,
        (
            _way("xAPIC page", f"{definition.register:#05x}", definition.xapic),
            _way("x2APIC MSR", f"{x2apic_msr(definition.register):#x}", definition.x2apic),
        ),
        hexadecimal(definition.reset, 32) if readable else NOTHING_TO_READ,
        definition.reset_note,
        _local_pictures(definition),
        (*definition.rules, *access_rules(definition)),
        definition.source,
    )


def _vector_entry(vectors: VectorSet) -> Entry:
    last = Register(vectors.first + 0x70)
    return Entry(
        vectors.name,
        vectors.title,
        f"{vectors.meaning} {vectors.first.name} holds vectors 0 to 31, and so on to {last.name} with 224 to 255.",
        (
            _way("xAPIC page", f"{vectors.first:#05x} to {last:#05x}", Access.READ),
            _way("x2APIC MSR", f"{x2apic_msr(vectors.first):#x} to {x2apic_msr(last):#x}", Access.READ),
        ),
        hexadecimal(0, 32),
        "each",
        (_picture("", Layout((vectors.vectors,)), 32, Access.READ),),
        (*vectors.rules, *_read_only_rules()),
        vectors.source,
    )


def _other_entry(register: OtherRegister) -> Entry:
    return Entry(
        register.name,
        register.title,
        register.meaning,
        (_way("reached by", register.place, register.access),),
        hexadecimal(register.reset, register.width) if register.reset is not None else NOTHING_TO_READ,
        register.reset_note,
        (_picture("", register.layout, register.width, register.access),),
        register.rules,
        register.source,
    )


def _way(through: str, place: str, access: Access) -> Way:
    return Way(through, place, NOT_THERE if access is Access.NONE else access.value)


def _local_pictures(definition: RegisterDefinition) -> tuple[Picture, ...]:
    if definition.xapic_layout is None and definition.x2apic_layout is None:
        access = definition.x2apic if definition.xapic is Access.NONE else definition.xapic
        return (_picture("", definition.layout, 32, access),)
    xapic = definition.xapic_layout or definition.layout
    x2apic = definition.x2apic_layout or definition.layout
    width = 64 if max(field.high for field in x2apic.fields) >= 32 else 32
    return (
        _picture("xAPIC mode", xapic, 32, definition.xapic),
        _picture("x2APIC mode", x2apic, width, definition.x2apic),
    )


def _picture(mode: str, layout: Layout, width: int, access: Access) -> Picture:
    fields = sorted(layout.fields, key=lambda field: field.high, reverse=True)
    return Picture(mode, strip(layout, width, access), [_field_row(field, access) for field in fields])


def _field_row(field: Field, access: Access) -> FieldRow:
    return FieldRow(
        field.bits, name_words(field.name), access.value if field.writable else Access.READ.value, field.meaning
    )


def access_rules(definition: RegisterDefinition) -> tuple[str, ...]:
    """What an access that the register does not allow does, from its access rights and reserved bits."""
    return _xapic_rules(definition.xapic) + _x2apic_rules(definition)


def _read_only_rules() -> tuple[str, ...]:
    return (*_xapic_rules(Access.READ), "In x2APIC mode WRMSR raises #GP.")


def _xapic_rules(access: Access) -> tuple[str, ...]:
    match access:
        case Access.NONE:
            return ("In xAPIC mode its offset is no register: an access sets ESR bit 7.",)
        case Access.READ:
            return ("In xAPIC mode a write is ignored.",)
        case Access.WRITE:
            return ("In xAPIC mode a read gives 0.",)
        case Access.READ_WRITE:
            return ()


def _x2apic_rules(definition: RegisterDefinition) -> tuple[str, ...]:
    refused_read = "In x2APIC mode RDMSR raises #GP."
    match definition.x2apic:
        case Access.NONE:
            return ("In x2APIC mode it is not there: RDMSR and WRMSR raise #GP.",)
        case Access.READ:
            return ("In x2APIC mode WRMSR raises #GP.",)
        case Access.WRITE:
            return (refused_read, _refused_bits(definition))
        case Access.READ_WRITE:
            return (_refused_bits(definition),)


def _refused_bits(definition: RegisterDefinition) -> str:
    if definition.x2apic_zero_only:
        return "In x2APIC mode WRMSR of anything but 0 raises #GP."
    defined = definition.layout.defined_mask | (definition.x2apic_layout or definition.layout).defined_mask
    bits = ", ".join(reserved_bits(defined, 64))
    return f"In x2APIC mode WRMSR with a reserved bit set ({bits}) raises #GP."


CHAPTERS = tuple(
    Chapter(subject.name, tuple(entry_of(definition) for definition in subject.definitions)) for subject in SUBJECTS
)


def chapters_about(text: str) -> tuple[Chapter, ...]:
    """The chapters with the entries that hold every word of *text*; all of them when it is empty."""
    wanted = text.casefold().split()
    found = (
        Chapter(chapter.name, tuple(entry for entry in chapter.entries if all(w in entry.text() for w in wanted)))
        for chapter in CHAPTERS
    )
    return tuple(chapter for chapter in found if chapter.entries)
