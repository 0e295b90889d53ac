"""What there is to say about one register: where it is, what it holds, and the rules that change it."""

from typing import NamedTuple

from app.x86.bitfields import Field, Layout
from app.x86.registers import Access, Register


class RegisterDefinition(NamedTuple):
    """All that is fixed about one register of the local APIC.

    ``rules`` say in a sentence each what changes it, what a write does and what faults; ``source`` names the manual's
    sections. ``layout`` is what the model masks with; ``xapic_layout`` and ``x2apic_layout`` are the fields in one
    mode where they are others. ``reset_note`` says what the number ``reset`` does not.
    """

    register: Register
    title: str
    xapic: Access
    x2apic: Access
    layout: Layout
    reset: int
    meaning: str
    rules: tuple[str, ...]
    source: str
    xapic_layout: Layout | None = None
    x2apic_layout: Layout | None = None
    #: WRMSR takes no value but 0.
    x2apic_zero_only: bool = False
    reset_note: str = ""


class VectorSet(NamedTuple):
    """Eight registers of 32 bits that are one set of 256 vectors. ``first`` is the one of vectors 0 to 31."""

    name: str
    first: Register
    title: str
    meaning: str
    vectors: Field
    rules: tuple[str, ...]
    source: str


class OtherRegister(NamedTuple):
    """All that is fixed about a register, or a word of a message, that is not in the local APIC's page.

    ``place`` says where software finds it, ``width`` is in bits. ``reset`` is None where nothing holds the value.
    """

    name: str
    title: str
    place: str
    access: Access
    width: int
    layout: Layout
    reset: int | None
    meaning: str
    rules: tuple[str, ...]
    source: str
    reset_note: str = ""


Definition = RegisterDefinition | VectorSet | OtherRegister


def word(name: str, meaning: str, *, writable: bool = True) -> Layout:
    """One field that fills a 32-bit register."""
    return Layout((Field(name, 31, 0, meaning, writable),))


def one(name: str, high: int, low: int, meaning: str) -> Layout:
    """One field, and the rest reserved."""
    return Layout((Field(name, high, low, meaning),))
