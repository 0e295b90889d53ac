"""What people can do to a thing of the picture itself: the acts of its menu, and of what is dragged.

An act is a line of the one-line command, or something that the page does by itself. A line has places in braces for
what the page knows of the thing: keys of a CPU's or a pin's state, and

- ``cpu``, ``pin``, ``vector`` (two digits), ``priority`` (its class, one digit), ``cpus`` (a set, as ``0-3,7``),
- ``sender``: the CPU that is to send, ``other``: one that is not ``cpu`` where there is another, ``to``: those that are
  sent to, as the line has them,
- ``value``: what the act's ``change`` makes of a register.

A set goes by the kernel's own function: one write of ICR reaches only what one destination can name.
"""

from typing import Any, NamedTuple

from app.x86.redirection import LEVEL
from app.x86.registers import SVR_ENABLE
from app.x86.vectors import VECTOR_COUNT


class Condition(NamedTuple):
    """What must be so for an act to fit: the thing's *fact* is one of *values*; where there is a *mask*, whether any
    bit of it is set in that register, as ``true`` and ``false``."""

    fact: str
    values: tuple[str, ...]
    mask: int = 0


class Change(NamedTuple):
    """The value that is written: what the register *of* holds, with bits set and cleared."""

    of: str
    set: int = 0
    clear: int = 0


class Act(NamedTuple):
    """*places* are the kinds of things on whose menu it stands, or that it is dragged to. *line* is "" for what the
    page does by itself, which *does* names; acts of one *group* stand together."""

    name: str
    places: tuple[str, ...]
    words: str
    line: str = ""
    does: str = ""
    group: str = ""
    when: tuple[Condition, ...] = ()
    change: Change | None = None


#: A part of the picture, by what the page calls it. A tile stands for a CPU among many; ``drop`` is what a vector is
#: dragged onto, ``task`` the line of task priority.
PLACES = ("cpu", "chip", "shelf", "pin", "bus", "tile", "tiles", "drop", "task")

#: How many vectors a priority class has.
_CLASS_SIZE = 16
#: The page where a start-up IPI has the CPU begin: both kernels keep their trampoline at 0x9000.
_START = "9"

_APIC = Condition("apic", ("true",))
_CHANNELS = Condition("apic", ("false",))
_APIC_ON = Condition("apic_mode", ("xapic", "x2apic"))
_APIC_OFF = Condition("apic_mode", ("disabled",))
_PAGE = Condition("apic_mode", ("xapic",))
_NO_PAGE = Condition("apic_mode", ("x2apic", "disabled"))
_CPU = ("cpu", "tile")
_VECTOR = ("chip", "shelf")


def _by_tpr_or_cr8(
    name: str, places: tuple[str, ...], words: str, lines: tuple[str, str], *more: Condition
) -> tuple[Act, Act]:
    """The act that sets task priority: by TPR in the xAPIC page, where there is none by CR8, which is the same."""
    by_tpr, by_cr8 = lines
    return (
        Act(name, places, words, by_tpr, group="hold", when=(_APIC, _PAGE, *more)),
        Act(f"{name}_cr8", places, words, by_cr8, group="hold", when=(_APIC, _NO_PAGE, *more)),
    )


_SELECTING = (
    Act("gates", ("chip",), "Show the gates that 0x{vector} passes here", does="gates", group="look"),
    Act("select", _CPU, "Select CPU {cpu}", does="select", group="look"),
    Act(
        "keep",
        ("tile",),
        "Keep its well open beside the tiles",
        does="keep",
        group="look",
        when=(Condition("kept", ("false",)),),
    ),
    Act(
        "unkeep",
        ("tile",),
        "Close its well beside the tiles",
        does="keep",
        group="look",
        when=(Condition("kept", ("true",)),),
    ),
)
_SENDING = (
    Act("ask", _VECTOR, "Send 0x{vector} to …", "ipi {cpu} {to} {vector}", "ask", "send", (_APIC,)),
    Act("ask_guest", _VECTOR, "Send 0x{vector} to …", "call {cpu} send_ipi {to} {vector}", "ask", "send", (_CHANNELS,)),
    Act("others", _VECTOR, "Send 0x{vector} to all others", "ipi {cpu} others {vector}", "", "send", (_APIC,)),
    Act(
        "again",
        _VECTOR,
        "Send 0x{vector} here from CPU {other}",
        "ipi {other} {cpu} {vector}",
        "",
        "send",
        (_APIC,),
    ),
    Act(
        "to_itself",
        _VECTOR,
        "Send 0x{vector} from CPU {cpu} to itself",
        "ipi {cpu} self {vector}",
        "",
        "send",
        (_APIC,),
    ),
    Act(
        "bus_others",
        ("bus",),
        "Send 0x{vector} from CPU {sender} to all others",
        "ipi {sender} others {vector}",
        "",
        "send",
        (_APIC,),
    ),
    Act(
        "bus_all",
        ("bus",),
        "Send 0x{vector} from CPU {sender} to all",
        "ipi {sender} all {vector}",
        "",
        "send",
        (_APIC,),
    ),
    Act(
        "bus_ask",
        ("bus",),
        "Send 0x{vector} from CPU {sender} to …",
        "ipi {sender} {to} {vector}",
        "ask",
        "send",
        (_APIC,),
    ),
    Act("bus_nmi", ("bus",), "NMI from CPU {sender} to all others", "ipi {sender} others 0 nmi", "", "send", (_APIC,)),
    Act(
        "set_send",
        ("tiles",),
        "Send 0x{vector} from CPU {sender} to these {count}",
        "call {sender} send_ipi_mask {cpus} {vector}",
        group="send",
    ),
    Act(
        "set_nmi",
        ("tiles",),
        "NMI from CPU {sender} to these {count}",
        "call {sender} send_ipi_mask {cpus} 02",
        group="send",
    ),
    Act(
        "set_ask",
        ("tiles",),
        "Send 0x{vector} from CPU {sender} to …",
        "call {sender} send_ipi_mask {to} {vector}",
        "ask",
        "send",
    ),
    Act("drop", ("drop",), "Send 0x{vector} from CPU {sender}", "ipi {sender} {to} {vector}", "", "send", (_APIC,)),
    Act(
        "drop_guest",
        ("drop",),
        "Send 0x{vector} from CPU {sender}",
        "call {sender} send_ipi {to} {vector}",
        "",
        "send",
        (_CHANNELS,),
    ),
)
_HOLDING = (
    Act(
        "hold",
        (*_CPU, *_VECTOR),
        "Hold interrupts of CPU {cpu} off",
        "if {cpu} off",
        group="hold",
        when=(Condition("window", ("open", "gate", "code")),),
    ),
    Act(
        "let_in",
        (*_CPU, *_VECTOR),
        "Let interrupts of CPU {cpu} in",
        "if {cpu} on",
        group="hold",
        when=(Condition("window", ("held",)),),
    ),
    *_by_tpr_or_cr8(
        "hold_class",
        _VECTOR,
        "Hold class {priority} and all below back",
        ("tpr {cpu} {priority}0", "cr8 {cpu} {priority}"),
    ),
    *_by_tpr_or_cr8(
        "hold_nothing",
        (*_CPU, *_VECTOR),
        "Let all classes in: TPR 0",
        ("tpr {cpu} 0", "cr8 {cpu} 0"),
        Condition("tpr", ("true",), 0xFF),
    ),
    *_by_tpr_or_cr8("task", ("task",), "TPR {priority}0", ("tpr {cpu} {priority}0", "cr8 {cpu} {priority}")),
)
_SIGNALS = (
    Act("nmi", _CPU, "NMI from CPU {other}", "ipi {other} {cpu} 0 nmi", group="signal", when=(_APIC,)),
    Act("smi", _CPU, "SMI from CPU {other}", "ipi {other} {cpu} 0 smi", group="signal", when=(_APIC,)),
    Act("init", _CPU, "INIT from CPU {other}", "ipi {other} {cpu} 0 init", group="signal", when=(_APIC,)),
    Act(
        "startup",
        _CPU,
        "Start-up IPI from CPU {other}",
        f"ipi {{other}} {{cpu}} {_START} startup",
        group="signal",
        when=(_APIC,),
    ),
)
_FUNCTIONS = (
    Act("reschedule", _CPU, "CPU {other} has it reschedule", "call {other} smp_send_reschedule {cpu}", group="call"),
    Act("call", _CPU, "It has all others run a function", "call {cpu} smp_call_function", group="call"),
    Act("flush", _CPU, "It has the others flush their TLBs", "call {cpu} flush_tlb_others", group="call"),
)
_WIRES = (
    Act("lint0_up", _CPU, "Raise LINT0", "lint {cpu} 0 up", group="wire", when=(_APIC, Condition("lint_0", ("0",)))),
    Act(
        "lint0_down", _CPU, "Lower LINT0", "lint {cpu} 0 down", group="wire", when=(_APIC, Condition("lint_0", ("1",)))
    ),
    Act("lint1_up", _CPU, "Raise LINT1", "lint {cpu} 1 up", group="wire", when=(_APIC, Condition("lint_1", ("0",)))),
    Act(
        "lint1_down", _CPU, "Lower LINT1", "lint {cpu} 1 down", group="wire", when=(_APIC, Condition("lint_1", ("1",)))
    ),
)
_SWITCHES = (
    Act(
        "software_disable",
        _CPU,
        "Disable its APIC by software (SVR)",
        "svr {cpu} off",
        group="switch",
        when=(_APIC, _APIC_ON, Condition("svr", ("true",), SVR_ENABLE)),
    ),
    Act(
        "software_enable",
        _CPU,
        "Enable its APIC by software (SVR)",
        "svr {cpu} on",
        group="switch",
        when=(_APIC, _APIC_ON, Condition("svr", ("false",), SVR_ENABLE)),
    ),
    Act(
        "apic_off",
        _CPU,
        "Switch its APIC off (IA32_APIC_BASE)",
        "apic {cpu} off",
        group="switch",
        when=(_APIC, _APIC_ON),
    ),
    Act(
        "apic_on",
        _CPU,
        "Switch its APIC on (IA32_APIC_BASE)",
        "apic {cpu} xapic",
        group="switch",
        when=(_APIC, _APIC_OFF),
    ),
    Act("timer", _CPU, "Set its timer …", does="timer", group="switch", when=(_APIC,)),
    Act("base", _CPU, "Write IA32_APIC_BASE …", does="base", group="switch", when=(_APIC,)),
)
_PIN = ("pin",)
_PINS = (
    Act("raise", _PIN, "Raise pin {pin}", "pin {pin} up", group="line", when=(Condition("line", ("0",)),)),
    Act("lower", _PIN, "Lower pin {pin}", "pin {pin} down", group="line", when=(Condition("line", ("1",)),)),
    Act(
        "mask",
        _PIN,
        "Mask pin {pin}",
        "mask {pin}",
        group="entry",
        when=(Condition("masked", ("false",)),),
    ),
    Act(
        "unmask",
        _PIN,
        "Unmask pin {pin}",
        "unmask {pin}",
        group="entry",
        when=(Condition("masked", ("true",)),),
    ),
    Act(
        "level",
        _PIN,
        "Make it level-triggered",
        "entry {pin} {value}",
        group="entry",
        when=(Condition("trigger_mode", ("edge",)),),
        change=Change("redirection", set=LEVEL),
    ),
    Act(
        "edge",
        _PIN,
        "Make it edge-triggered",
        "entry {pin} {value}",
        group="entry",
        when=(Condition("trigger_mode", ("level",)),),
        change=Change("redirection", clear=LEVEL),
    ),
    Act("edit", _PIN, "Edit its redirection entry …", does="edit", group="entry"),
)
_STOPS = (
    Act("stop", ("chip",), "Stop when CPU {cpu} takes 0x{vector}", "break taken(0x{vector}) on {cpu}", group="stop"),
    Act("stop_pin", _PIN, "Stop when pin {pin} is raised", "break pin({pin})", group="stop"),
)

#: In the order in which they stand.
ACTS = (*_SELECTING, *_SENDING, *_HOLDING, *_SIGNALS, *_FUNCTIONS, *_WIRES, *_SWITCHES, *_PINS, *_STOPS)

#: What the page says around them.
ACT_SENTENCES = {
    "acts_of_cpu": "CPU {cpu}",
    "acts_of_vector": "{vector} on CPU {cpu}",
    "acts_of_pin": "Pin {pin}",
    "acts_of_bus": "All CPUs",
    "acts_of_tiles": "{count} CPUs: {cpus}",
    "drag_from": "{vector} from CPU {cpu}",
    "drag_nowhere": "To whom? A CPU, or the bus for all others. Escape: nobody.",
    "merges_here": "◈ merges",
    "task_slider": "Task priority of CPU {cpu}",
    "task_value": "TPR {tpr}",
}


def acts_json() -> list[dict[str, Any]]:
    """The table as JSON; masks and bits as hexadecimal numbers, which have up to 64 bits."""
    return [
        {
            "name": act.name,
            "places": act.places,
            "words": act.words,
            "line": act.line,
            "does": act.does,
            "group": act.group,
            "when": [
                {"fact": condition.fact, "values": condition.values, "mask": f"{condition.mask:#x}"}
                for condition in act.when
            ],
            "change": act.change
            and {"of": act.change.of, "set": f"{act.change.set:#x}", "clear": f"{act.change.clear:#x}"},
        }
        for act in ACTS
    ]


def usual_vectors(first: int) -> list[str]:
    """By class, the vector that the picture offers where none lies, in two hexadecimal digits: the second lowest, since
    kernels keep the lowest of class 8 for system calls. "" for classes all of whose vectors are below *first*."""
    return ["" if lowest < first else f"{lowest + 1:02x}" for lowest in range(0, VECTOR_COUNT, _CLASS_SIZE)]
