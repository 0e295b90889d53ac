"""The shapes of the answers, for the OpenAPI description. ``app/WIRE.md`` says what each field means.

Answers are not passed through these models, which would drop what is not in them; a test holds a server's against them.
"""

from typing import Any, Literal, is_typeddict

from pydantic import BaseModel, ConfigDict, Field

Hexadecimal = str
Side = Literal["a", "b"]
PROBLEM = "application/problem+json"
#: What any call may come to: a Host that is not ours, too many calls from one address, a fault, no room.
_ANY_CALL = (400, 429, 431, 500, 503)
#: And one that changes something: from a foreign page, too slow, too large.
_ANY_WRITE = (403, 408, 413)

_WORDS = {
    400: "Not understood: a Host that is not ours, or a body that is not JSON.",
    401: "The key is missing: `Authorization: Bearer KEY`.",
    403: "Not allowed: a page of another site, or another key.",
    404: "There is no such thing (any more).",
    408: "The body did not come in time.",
    409: "Not possible now; the detail says why.",
    410: "It was there, and is no longer kept; the detail says why.",
    413: "Larger than what is taken; the detail says the limit.",
    415: "Not a kind of body that is read.",
    422: "A field, a file or a parameter does not fit; the detail or `errors` says which and why.",
    429: "Too much from one address; see `Retry-After`.",
    431: "The headers are too large.",
    500: "A fault of ours.",
    503: "No room, or others are served first; see `Retry-After`.",
    507: "Nothing can be kept at present; the detail says why.",
}


class _Shape(BaseModel):
    """All of its fields, and no others."""

    model_config = ConfigDict(extra="forbid")


class _Outline(BaseModel):
    """At least these fields."""


class FieldError(_Shape):
    """What is wrong with one field; `field` is empty for the whole body."""

    field: str
    message: str


class ProblemDetails(BaseModel):
    """RFC 9457."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"required": ["type", "title", "status"]})

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[FieldError] | None = None


class Health(_Shape):
    """The process answers."""

    status: Literal["ok"]


class SessionLinks(_Shape):
    """Where a session is."""

    page: str
    state: str
    stream: str


class SessionSummary(_Shape):
    """A session in short."""

    id: str
    title: str
    cpus: int
    backend: str
    cost_sheet: str
    profile: str
    generation: str | None
    paused: bool
    asleep: bool
    time: int
    viewers: int
    links: SessionLinks


class NewSessionSummary(SessionSummary):
    """A session that has just been made."""

    #: What ends it: `Authorization: Bearer KEY`.
    key: str


class Hit(_Shape):
    """A moment in which a condition has come true, and why."""

    tick: int
    time: int
    words: str
    why: str


class Looked(_Shape):
    """In which ticks a condition was looked for."""

    ticks: int
    first: int = Field(alias="from")
    to: int


class Applied(BaseModel):
    """A command has been applied: its number, the state that shows it, and what it was asked for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"required": ["command", "seq", "text"]})

    command: int
    seq: int
    text: str
    #: Of `read_register` and `read_msr`.
    value: Hexadecimal = "0x00000000"
    #: Of an access that raised #GP.
    fault: str = ""
    #: Of a write that had no effect: why.
    ignored: str = ""
    #: Of `step` and `run_until_idle`.
    operations: int = 0
    #: Of `run_until_idle`.
    idle: bool = True
    #: Of `run_to`: where its condition came true; null: it did not.
    hit: Hit | None = None
    #: Of `run_to`: where it was looked for.
    looked: Looked | None = None
    #: Of a `step`, `run_to` or `run_until_idle` that is not over yet.
    under_way: bool = True


class Completion(_Shape):
    """A word that may stand at the caret, and what it means."""

    text: str
    says: str


class LinePlace(_Shape):
    """A place in a line, in characters."""

    first: int = Field(alias="from")
    to: int


class LineProblem(LinePlace):
    """What is wrong with a line, and where."""

    says: str


class ForeseenShape(_Shape):
    """What a command would come to now: the CPUs that it would interrupt, those of them where it would become one with
    a request that waits, sentences, and the word that would be written to ICR."""

    receivers: list[int]
    merges: list[int]
    sentences: list[str]
    icr: Hexadecimal | None


class LineAnswer(_Shape):
    """What a line is. `command` is what to send to `commands`; null where there is a `problem`, or something missing.
    `completions` may stand in place of what `replaces` names. `syntax` is that of the lines that begin so."""

    command: dict[str, Any] | None
    problem: LineProblem | None
    hint: str
    syntax: str
    completions: list[Completion]
    replaces: LinePlace
    preview: ForeseenShape | None


class Told(_Shape):
    """How far something is: `done` of `total` of this stage; both are 0 where nobody knows."""

    stage: str
    done: int
    total: int


class Limit(_Shape):
    """Something that a file cannot show, from its line `line` on."""

    line: int
    says: str


class OpenedRecording(_Shape):
    """A session that plays a recording."""

    session: str
    #: What ends it: `Authorization: Bearer KEY`.
    key: str
    format: str
    limits: list[Limit]
    links: SessionLinks


class Tally(_Shape):
    """What something came to; hypercalls are among the exits."""

    accesses: int
    exits: int
    hypercalls: int
    cycles: int


class PairProgress(_Shape):
    """How far a pair is."""

    stimuli: int
    waiting: int
    paused: bool
    at_rest: bool


class MachineLinks(_Shape):
    """Where a machine of a pair is."""

    state: str
    stream: str


class MachineSummary(_Shape):
    """One machine of a pair."""

    backend: str
    generation: str
    time: int
    total: Tally
    links: MachineLinks


class PairLinks(_Shape):
    """Where a pair is."""

    page: str
    stimuli: str
    commands: str


class PairSummary(PairProgress):
    """A pair in short, with its running totals."""

    id: str
    title: str
    start: str
    remarks: list[str]
    cpus: int
    cost_sheet: str
    asleep: bool
    a: MachineSummary
    b: MachineSummary
    links: PairLinks


class NewPairSummary(PairSummary):
    """A pair that has just been made."""

    #: What ends it: `Authorization: Bearer KEY`.
    key: str


class Handler(_Shape):
    """Who handled an interrupt."""

    cpu: int
    vector: int


class Interrupt(_Shape):
    """What one machine made of one interrupt."""

    origin: str
    source: int | None
    vector: int
    delivery_mode: str
    function: str
    messages: int
    targets: list[int]
    latency: int | None
    handlers: list[Handler]
    merged: list[int]
    refused: list[int]
    sending: Tally
    receiving: Tally


class AlignedInterrupt(_Shape):
    """One interrupt on both machines; null where one did not have it."""

    a: Interrupt | None
    b: Interrupt | None
    differences: list[str]


class BothTallies(_Shape):
    """One on each machine."""

    a: Tally
    b: Tally


class BothReasons(_Shape):
    """Why a machine did not do all of it; null where it did."""

    a: str | None
    b: str | None


class Stimulus(_Shape):
    """What the two made of one stimulus."""

    number: int
    stimulus: str
    same: bool
    differences: list[str]
    reasons: BothReasons
    interrupts: list[AlignedInterrupt]
    rest: BothTallies
    total: BothTallies


class SheetSummary(_Shape):
    """What priced a comparison."""

    name: str
    title: str
    gigahertz: float
    changed: list[str]


class Shares(_Shape):
    """Where cycles went; they add up."""

    sends: int
    eois: int
    timer: int
    rest: int


class Row(_Outline):
    """A workload under one back end."""

    backend: str
    generation: str
    overrides: list[str]
    replaced_functions: list[str]
    accesses: int
    exits: int
    hypercalls: int
    cycles: int
    native_cycles: int
    latency: int | None
    shares: Shares


class Missing(_Shape):
    """A back end that could not take part."""

    backend: str
    reason: str


class Comparison(_Outline):
    """One workload under several back ends, and what the page shows beside it."""

    workload: str
    cpus: int
    sends: int
    eois: int
    sheet: SheetSummary
    rows: list[Row]
    missing: list[Missing]
    remarks: list[str]
    sheet_reference: str
    ratio_to_native: dict[str, float | None]
    assumed_share_of_one_ipi: dict[str, Any]
    curves: list[dict[str, Any]]
    one_ipi: list[dict[str, Any]]
    entries_used: list[dict[str, Any]]
    entries_unavailable: dict[str, str]


def answers(
    model: Any, *problems: int, status: int = 200, writes: bool = False, unchanged: bool = False
) -> dict[int | str, dict[str, Any]]:
    """The answers of a call: *model*, or no body where it is None, and the *problems* beside those of any call.
    *unchanged*: 304 for a caller that has what there is."""
    good: dict[str, Any] = {"description": "As asked.", "model": model}
    if model is None:
        good = {"description": "Done."}
    elif is_typeddict(model):  # ``description`` brings its schema
        reference = {"$ref": f"#/components/schemas/{model.__name__}"}
        good = {"description": "As asked.", "content": {"application/json": {"schema": reference}}}
    same: dict[int | str, dict[str, Any]] = (
        {304: {"description": "What you have is what there is."}} if unchanged else {}
    )
    return {status: good, **same, **_problems(*problems, writes=writes)}


def files(media_type: str, *problems: int) -> dict[int | str, dict[str, Any]]:
    """As answers, for a call that answers text of that type."""
    good = {"description": "As asked.", "content": {media_type: {"schema": {"type": "string"}}}}
    return {200: good, **_problems(*problems, writes=False)}


def _problems(*problems: int, writes: bool) -> dict[int | str, dict[str, Any]]:
    expected = sorted({*problems, *_ANY_CALL, *(_ANY_WRITE if writes else ())})
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {each: {"description": _WORDS[each], "content": {PROBLEM: {"schema": schema}}} for each in expected}
