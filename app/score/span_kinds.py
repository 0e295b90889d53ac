"""What kinds of spans there are: one table, by which the score is written, said in words and drawn."""

from typing import NamedTuple


class SpanKind(NamedTuple):
    """One kind. ``words`` and ``label`` are templates: braces hold {cpu}, {value}, {name}, {source}, {from}, {to} and
    {length}, the last three times in cycles, without a unit; ``label`` has to fit into a bar."""

    name: str
    #: What people call spans of this kind, in a list of kinds.
    called: str
    #: Where it is drawn: "cpu", "devices" or "hypervisor", where each CPU has a row.
    lane: str
    #: The style in which it is drawn: "outline", "bar", "dashes", "hatching", "box", "dots", "crossing", "stripes",
    #: "underline", "wave", "arrow" or "glyph".
    mark: str
    label: str
    #: One sentence.
    words: str
    #: What a span's value means; "" where it is always -1.
    value: str = ""


#: The position of a kind in this table is its number in a course. New kinds are appended.
SPAN_KINDS = (
    SpanKind(
        "requested",
        "requested",
        "cpu",
        "outline",
        "{value}",
        "CPU {cpu}: {value} waits for {length} cycles before it is taken.",
        "vector",
    ),
    SpanKind(
        "in_service",
        "in service",
        "cpu",
        "bar",
        "{value}",
        "CPU {cpu}: {value} is in service for {length} cycles.",
        "vector",
    ),
    SpanKind(
        "handler",
        "handlers",
        "cpu",
        "dashes",
        "{name}",
        "CPU {cpu} runs {name}() for {length} cycles.",
        "vector; -1 of an NMI or SMI",
    ),
    SpanKind(
        "closed",
        "interrupts kept out",
        "cpu",
        "hatching",
        "{name}",
        "CPU {cpu} lets no interrupt in for {length} cycles: {name}.",
    ),
    SpanKind("call", "guest functions", "cpu", "box", "{name}", "CPU {cpu} runs {name}() for {length} cycles."),
    SpanKind("spin", "code that waits", "cpu", "dots", "{name}", "CPU {cpu} waits {length} cycles for {name}."),
    SpanKind(
        "host",
        "in the hypervisor",
        "hypervisor",
        "crossing",
        "{name}",
        "CPU {cpu} is in the hypervisor for {length} cycles: {name}.",
    ),
    SpanKind(
        "sipi", "waiting for SIPI", "cpu", "stripes", "SIPI", "CPU {cpu} waits {length} cycles for a start-up IPI."
    ),
    SpanKind(
        "priority",
        "task priority",
        "cpu",
        "underline",
        "TPR {value}",
        "CPU {cpu} has its task priority at {value} for {length} cycles.",
        "TPR",
    ),
    SpanKind("line", "lines", "devices", "wave", "{name}", "{name} is up for {length} cycles.", "pin or line"),
    SpanKind(
        "flight",
        "messages",
        "cpu",
        "arrow",
        "{value}",
        "{value} from {source} to {cpu}, {length} cycles under way: {name}.",
        "vector",
    ),
    SpanKind("mark", "moments", "cpu", "glyph", "{name}", "At {from}: {name}.", "vector, or -1"),
    SpanKind(
        "latched",
        "latched signals",
        "cpu",
        "outline",
        "{name}",
        "CPU {cpu}: {name} waits for {length} cycles before it is taken.",
        "start-up vector, or -1",
    ),
)
REQUESTED, IN_SERVICE, HANDLER, CLOSED, CALL, SPIN = range(6)
HOST, SIPI, PRIORITY, LINE, FLIGHT, MARK, LATCHED = range(6, len(SPAN_KINDS))
#: The name of each kind, by its number.
KIND_NAMES = tuple(kind.name for kind in SPAN_KINDS)
#: What the names of spans mean, by their kind: those that are no function's, no line's and no event's.
NAME_WORDS = {
    ("closed", "gate"): "the gate closed behind what is handled, until STI or IRET",
    ("closed", "code"): "the code that runs turned them off",
    ("closed", "held"): "they are held off by hand",
    ("host", ""): "it has work of its own",
    ("flight", ""): "not arrived yet",
    ("call", ""): "a function",
    ("handler", ""): "its handler",
}
