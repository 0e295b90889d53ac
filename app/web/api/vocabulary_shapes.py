"""The shapes of the vocabulary, for the OpenAPI description."""

from pydantic import BaseModel, ConfigDict


class EventKind(BaseModel):
    """What the log calls an event."""

    model_config = ConfigDict(extra="forbid")

    glyph: str
    words: str
    ended: bool
    #: The kind of span in the score that such an event is about.
    span: str


class RegisterField(BaseModel):
    """A field of a register; `values` are what single values are called, in `places` digits of `radix` otherwise."""

    model_config = ConfigDict(extra="forbid")

    name: str
    #: As it is read: "remote IRR".
    called: str
    high: int
    low: int
    bits: str
    radix: int
    places: int
    values: list[str]
    meaning: str
    #: Whether software can change it.
    writable: bool


class Choice(BaseModel):
    """One value of fields that mean something only together."""

    model_config = ConfigDict(extra="forbid")

    words: str
    bits: str


class TogetherShape(BaseModel):
    """Fields of a word that are one choice: what it is of, and their bits."""

    model_config = ConfigDict(extra="forbid")

    words: str
    #: As the manual prints them.
    bits: str
    mask: str
    choices: list[Choice]


class WrittenWord(BaseModel):
    """A word that people write by its fields: a register, an entry of a table, the address or data of a message."""

    model_config = ConfigDict(extra="forbid")

    title: str
    width: int
    #: The command that writes it, without the word and whose it is; and the field of it that the word is.
    command: dict[str, str | int]
    field: str
    fields: list[RegisterField]
    together: TogetherShape | None


class LocalEntry(BaseModel):
    """An entry of the local vector table: what people call it, and what fires it from outside: a pin, or a source."""

    model_config = ConfigDict(extra="forbid")

    called: str
    pin: int | None
    source: str | None


class SpanKindShape(BaseModel):
    """A kind of span: a sentence and a short text with braces for its values, which sort of lane it is on, and how it
    is drawn."""

    model_config = ConfigDict(extra="forbid")

    words: str
    lane: str
    mark: str
    label: str
    #: What a span's name means in a sentence, where the kind has such names.
    names: dict[str, str]


class ConditionWord(BaseModel):
    """A word of the conditions at which a session stops, and whether a recording tells it."""

    model_config = ConfigDict(extra="forbid")

    words: str
    example: str
    recorded: bool


class ActCondition(BaseModel):
    """What must be so for an act to fit: a fact of the thing is one of `values`; with a `mask` other than 0x0, whether
    any bit of it is set."""

    model_config = ConfigDict(extra="forbid")

    fact: str
    values: list[str]
    mask: str


class ActChange(BaseModel):
    """The value that an act writes: that of a register, with bits set and cleared."""

    model_config = ConfigDict(extra="forbid")

    of: str
    set: str
    clear: str


class ActShape(BaseModel):
    """What can be done to a part of the picture: a line of the one-line command with places in braces, or what the page
    does by itself."""

    model_config = ConfigDict(extra="forbid")

    name: str
    places: list[str]
    words: str
    line: str
    does: str
    group: str
    when: list[ActCondition]
    change: ActChange | None


class UsualVectors(BaseModel):
    """The vector, in two hexadecimal digits, that the picture offers where nobody has named one: of a priority class
    ("" where it has none), and of a kernel."""

    model_config = ConfigDict(extra="forbid")

    by_class: list[str]
    by_kernel: dict[str, str]


class Vocabulary(BaseModel):
    """The words, marks and bit positions of the model."""

    vectors: dict[str, dict[str, str]]
    events: dict[str, EventKind]
    spans: dict[str, SpanKindShape]
    findings: dict[str, str]
    icr: dict[str, list[RegisterField]]
    layouts: dict[str, WrittenWord]
    #: What hangs at the pins of the I/O APIC, and those that the page shows before any has told anything.
    pin_names: dict[str, str]
    usual_pins: list[int]
    local_table: dict[str, LocalEntry]
    priority: dict[str, RegisterField]
    registers: dict[str, str]
    sentences: dict[str, str]
    acts: list[ActShape]
    usual_vectors: UsualVectors
    back_ends: dict[str, str]
    guest_functions: dict[str, dict[str, dict[str, str]]]
    commands: list[str]
    steps: list[str]
    keys: dict[str, dict[str, str]]
    breakpoints: dict[str, ConditionWord]
