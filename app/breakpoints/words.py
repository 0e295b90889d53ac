"""The words of conditions, in one table: what each means, what it looks at, and what it says of what it found."""

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Any, NamedTuple

from app.breakpoints.seen import Seen
from app.engine.events import Event, GuestExited, HandlerEntered, HandlerReturned
from app.engine.processor import Processor
from app.hw import events as hw
from app.hw.cpu import Cpu, RunState
from app.hw.machine import MAX_CPUS
from app.x86.icr import DeliveryMode
from app.x86.redirection import PIN_COUNT, REMOTE_IRR
from app.x86.registers import Register
from app.x86.state_registers import ESR, errors_in
from app.x86.words import VectorNames, register_words, vector_words

#: Why a recording has no answer.
_WHAT_RUNS = "a recording does not tell what runs on a CPU"
_ON_ITS_WAY = "in a recording messages arrive at once"
_VECTOR_MODES = (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)
_LARGEST = (1 << 64) - 1


class Argument(NamedTuple):
    """What can stand between the parentheses of a word: a number up to *highest*, or one of *names*."""

    called: str
    highest: int = _LARGEST
    names: dict[str, int] | None = None
    optional: bool = True


_VECTOR = Argument("vector", 255)
_A_VECTOR = _VECTOR._replace(optional=False)
_A_PIN = Argument("pin", PIN_COUNT - 1, optional=False)
_A_CPU = Argument("CPU", MAX_CPUS - 1, optional=False)
_A_REGISTER = Argument("register", names={one.name.lower(): int(one) for one in Register}, optional=False)
_VALUE = Argument("value")
_ERROR = Argument("error", names={field.name: 1 << field.low for field in ESR.fields})


class On(Enum):
    """Whether ``on CPU`` may follow a word."""

    NEVER = "never"
    #: Without it any CPU will do.
    ANY = "any"


class Called(NamedTuple):
    """A word as somebody wrote it: what stands in its parentheses, the CPU behind ``on``, the value behind the dot."""

    arguments: tuple[int, ...] = ()
    cpu: int | None = None
    of_cpu: str = ""


#: What it gives: 0 is no, None is that there is nothing to compare.
Value = Callable[[Seen, Called], int | None]
#: What it says of that, in phrases.
Says = Callable[[Seen, Called, VectorNames], list[str]]


class Word(NamedTuple):
    """One word. *untold* says why a recording has no answer to it; "": it has."""

    name: str
    meaning: str
    example: str
    value: Value
    says: Says
    arguments: tuple[Argument, ...] = ()
    on: On = On.NEVER
    #: It tells how the machine stands, and not what happens.
    is_state: bool = False
    untold: str = ""


# What happens


def _matching(kinds: Sequence[type[Event]], seen: Seen, called: Called) -> Iterator[Any]:
    """The events of this tick that are meant."""
    for event in seen.events:
        if type(event) not in kinds:
            continue
        place = event.place
        if called.cpu is not None and place.cpu != called.cpu:
            continue
        if called.arguments and (place.vector != called.arguments[0] or not _of_vector(event)):
            continue
        yield event


def _of_vector(event: Any) -> bool:
    """Whether its vector is one, and no page of a start-up IPI or number without a meaning."""
    message = getattr(event, "message", None) if isinstance(event, hw.MessageSent) else event
    return getattr(message, "delivery_mode", DeliveryMode.FIXED) in _VECTOR_MODES


def _phrase(event: Event, names: VectorNames) -> str:
    return event.words(names).removesuffix(".")


def _event(name: str, kinds: tuple[type[Event], ...], meaning: str, example: str, untold: str = "") -> Word:
    """A word that is true in a tick in which one of *kinds* happens."""

    def value(seen: Seen, called: Called) -> int:
        return any(True for _ in _matching(kinds, seen, called))

    def says(seen: Seen, called: Called, names: VectorNames) -> list[str]:
        return [_phrase(event, names) for event in _matching(kinds, seen, called)]

    has_vector = any("vector" in kind.__annotations__ or kind is hw.MessageSent for kind in kinds)
    has_cpu = any("cpu" in kind.__annotations__ or kind is hw.MessageSent for kind in kinds)
    arguments = (_VECTOR,) if has_vector else ()
    return Word(name, meaning, example, value, says, arguments, On.ANY if has_cpu else On.NEVER, untold=untold)


def _errors(seen: Seen, called: Called) -> Iterator[hw.ErrorNoticed]:
    for event in _matching((hw.ErrorNoticed,), seen, called._replace(arguments=())):
        if not called.arguments or event.bit & called.arguments[0]:
            yield event


def _writes(seen: Seen, called: Called) -> Iterator[str]:
    """The writes of this tick that are meant, in words."""
    for cpu, register, value in seen.writes:
        wanted = called.arguments[0] == register and called.cpu in (None, cpu)
        if wanted and called.arguments[1:] in ((), (value,)):
            yield f"CPU {cpu} writes {value:#x} to {register_words(register)}"


def _latencies(seen: Seen, called: Called) -> list[tuple[int, int, int]]:
    """(cycles waited, CPU, vector) of the interrupts of this tick that are meant."""
    return [
        (taken.waited, taken.cpu, taken.vector)
        for taken in seen.taken
        if called.cpu in (None, taken.cpu) and called.arguments in ((), (taken.vector,))
    ]


def _latency(seen: Seen, called: Called) -> int | None:
    return max((waited for waited, _, _ in _latencies(seen, called)), default=None)


def _latency_says(seen: Seen, called: Called, names: VectorNames) -> list[str]:
    found = sorted(_latencies(seen, called), reverse=True)[:1]
    return [
        f"CPU {cpu} takes {vector_words(vector, names)}: it had waited {waited:,} cycles"
        for waited, cpu, vector in found
    ]


def _any(found: Iterator[Any]) -> int:
    return any(True for _ in found)


# How it stands


class CpuValue(NamedTuple):
    """What stands behind the dot of ``cpu(N).``; *form* says how its value is written."""

    name: str
    meaning: str
    value: Callable[[Cpu, Processor | None], int]
    form: str = "#04x"
    untold: str = ""


#: Everything that ``cpu(N).`` can ask for.
CPU_VALUES: tuple[CpuValue, ...] = (
    CpuValue("tpr", "task priority", lambda cpu, _: cpu.apic.tpr),
    CpuValue("ppr", "processor priority", lambda cpu, _: cpu.apic.ppr),
    CpuValue("esr", "error status, as software reads it", lambda cpu, _: cpu.apic.esr),
    CpuValue("svr", "spurious vector; bit 8 switches the APIC on", lambda cpu, _: cpu.apic.svr, "#05x"),
    CpuValue("icr", "the last interrupt command, 64 bits", lambda cpu, _: cpu.apic.icr, "#018x"),
    CpuValue("ldr", "logical destination", lambda cpu, _: cpu.apic.logical_id, "#010x"),
    CpuValue("dfr", "destination format", lambda cpu, _: cpu.apic.dfr, "#010x"),
    CpuValue("id", "APIC ID", lambda cpu, _: int(cpu.apic.apic_id), "#x"),
    CpuValue("if", "1 while the CPU's code lets interrupts in", lambda cpu, _: cpu.interrupt_flag, "d"),
    CpuValue("held", "1 while a person holds its interrupts off", lambda cpu, _: cpu.held_off, "d"),
    CpuValue("halted", "1 while it is halted", lambda cpu, _: cpu.run_state is RunState.HALTED, "d"),
    CpuValue(
        "sipi", "1 while it waits for a start-up IPI", lambda cpu, _: cpu.run_state is RunState.WAIT_FOR_SIPI, "d"
    ),
    CpuValue("smm", "1 in system-management mode", lambda cpu, _: cpu.in_smm, "d"),
    CpuValue("requests", "how many vectors are requested", lambda cpu, _: _requested(cpu).bits.bit_count(), "d"),
    CpuValue("services", "how many vectors are in service", lambda cpu, _: len(cpu.apic.isr), "d"),
    CpuValue(
        "handlers",
        "how many handlers lie on each other",
        lambda _, runs: len(runs.handlers()) if runs else 0,
        "d",
        _WHAT_RUNS,
    ),
    CpuValue(
        "spins", "1 while its code waits for a word", lambda _, runs: bool(runs and runs.spinning), "d", _WHAT_RUNS
    ),
    CpuValue("host", "1 while it is in the hypervisor", lambda _, runs: bool(runs and runs.in_host), "d", _WHAT_RUNS),
)
CPU_VALUE_NAMES: dict[str, CpuValue] = {one.name: one for one in CPU_VALUES}


def _requested(cpu: Cpu) -> Any:
    return cpu.apic.irr if cpu.event_channels is None else cpu.event_channels.pending


def _cpu_value(seen: Seen, called: Called) -> int:
    number = called.arguments[0]
    runs = seen.processors[number] if seen.processors is not None else None
    return int(CPU_VALUE_NAMES[called.of_cpu].value(seen.machine.cpus[number], runs))


def _cpu_value_says(seen: Seen, called: Called, names: VectorNames) -> list[str]:
    one = CPU_VALUE_NAMES[called.of_cpu]
    return [f"{one.name.upper()} of CPU {called.arguments[0]} is {_cpu_value(seen, called):{one.form}}"]


def _bit(name: str, of: Callable[[Cpu], Any], meaning: str, example: str) -> Word:
    """A word for a vector's bit in a register of 256 bits."""

    def cpus(seen: Seen, called: Called) -> list[int]:
        there = seen.machine.cpus if called.cpu is None else seen.machine.cpus[called.cpu : called.cpu + 1]
        return [cpu.number for cpu in there if called.arguments[0] in of(cpu)]

    def says(seen: Seen, called: Called, names: VectorNames) -> list[str]:
        found, vector = cpus(seen, called), vector_words(called.arguments[0], names)
        if found:
            return [f"{vector} is set in {name.upper()} of CPU {found[0]}"]
        whose = "no CPU has it" if called.cpu is None else f"CPU {called.cpu} does not have it"
        return [f"{vector} is not set in {name.upper()}: {whose}"]

    return Word(
        name, meaning, example, lambda seen, called: bool(cpus(seen, called)), says, (_A_VECTOR,), On.ANY, is_state=True
    )


def _state(
    name: str,
    meaning: str,
    example: str,
    value: Value,
    says: Callable[[int, Called], str],
    arguments: tuple[Argument, ...] = (),
    untold: str = "",
) -> Word:
    def phrases(seen: Seen, called: Called, names: VectorNames) -> list[str]:
        return [says(value(seen, called) or 0, called)]

    return Word(name, meaning, example, value, phrases, arguments, is_state=True, untold=untold)


def _remote_irr(seen: Seen, called: Called) -> int:
    return bool(seen.machine.io_apic.entries[called.arguments[0]] & REMOTE_IRR)


#: Every word, in the order in which people are told of them.
WORDS: tuple[Word, ...] = (
    _event(
        "taken",
        (hw.Acknowledged, hw.EventTaken, hw.ExternalAcknowledged),
        "A CPU takes a vector, or the event of that port.",
        "taken(0x41) on 2",
    ),
    _event(
        "accepted", (hw.Accepted,), "A message or local source becomes pending: an IRR bit is set.", "accepted(0xfc)"
    ),
    _event("merged", (hw.Merged,), "The vector was requested already, so two become one.", "merged(0x41) on 1"),
    _event("refused", (hw.Refused,), "A target drops a message.", "refused on 3"),
    _event("retried", (hw.Retried,), "A target has no room, and the bus tries again (P6 family).", "retried"),
    _event("no_target", (hw.NoTarget,), "A message reaches nobody.", "no_target"),
    _event("sent", (hw.MessageSent,), "A message leaves its sender; on: the CPU that sends.", "sent(0xfc) on 0"),
    _event("send_refused", (hw.SendRefused,), "A write of ICR sends nothing.", "send_refused on 0"),
    _event("ended", (hw.InterruptEnded,), "An EOI clears a vector's ISR bit.", "ended(0x41) on 2"),
    _event("spurious", (hw.SpuriousDelivered,), "A CPU gets the spurious vector.", "spurious"),
    _event("nmi", (hw.NmiTaken,), "A CPU takes an NMI.", "nmi on 1"),
    _event("smi", (hw.SmiTaken,), "A CPU enters system-management mode.", "smi"),
    _event("init", (hw.InitPerformed,), "A CPU is reset by INIT.", "init on 3"),
    _event("started", (hw.Started,), "A start-up IPI sets a CPU running.", "started on 3"),
    _event("handler", (HandlerEntered,), "A handler begins.", "handler(0xfc) on 2", _WHAT_RUNS),
    _event("returned", (HandlerReturned,), "A handler returns (IRET).", "returned(0xfc) on 2", _WHAT_RUNS),
    _event("exit", (GuestExited,), "A CPU leaves the guest for the hypervisor.", "exit on 0", _WHAT_RUNS),
    _event(
        "fault",
        (hw.MsrFaulted, hw.RegisterFaulted, hw.WriteIgnored),
        "A register is used wrongly: #GP, or a write without effect.",
        "fault on 0",
    ),
    Word(
        "error",
        "A bit is set among the errors that the next write of ESR shows.",
        "error(send_accept) on 0",
        lambda seen, called: _any(_errors(seen, called)),
        lambda seen, called, names: [
            f"CPU {event.cpu} notices an error: {', '.join(errors_in(event.bit))}" for event in _errors(seen, called)
        ],
        (_ERROR,),
        On.ANY,
    ),
    Word(
        "written",
        "A CPU's code, its hypervisor or a person writes a register of its APIC; with a value, that value.",
        "written(tpr, 0x80) on 2",
        lambda seen, called: _any(_writes(seen, called)),
        lambda seen, called, names: list(_writes(seen, called)),
        (_A_REGISTER, _VALUE),
        On.ANY,
    ),
    Word(
        "latency",
        "Where a vector is taken: for how many cycles it had been requested. Compare it with a number.",
        "latency(0x41) on 2 > 5000",
        _latency,
        _latency_says,
        (_VECTOR,),
        On.ANY,
    ),
    _bit("irr", _requested, "The vector is requested (a port: pending); without on, on any CPU.", "irr(0x41) on 2"),
    _bit("isr", lambda cpu: cpu.apic.isr, "The vector is in service.", "isr(0x41) on 2"),
    _bit("tmr", lambda cpu: cpu.apic.tmr, "The vector was accepted as level-triggered.", "tmr(0x41) on 0"),
    Word(
        "cpu",
        f"A value of a CPU: {', '.join(CPU_VALUE_NAMES)}.",
        "cpu(2).ppr >= 0x80",
        _cpu_value,
        _cpu_value_says,
        (_A_CPU,),
        is_state=True,
    ),
    _state(
        "pin",
        "1 while the line of a pin of the I/O APIC is up.",
        "pin(18) == 1",
        lambda seen, called: seen.machine.io_apic.lines[called.arguments[0]],
        lambda value, called: f"the line of pin {called.arguments[0]} is {'up' if value else 'down'}",
        (_A_PIN,),
    ),
    _state(
        "remote_irr",
        "1 while a pin of the I/O APIC waits for an EOI.",
        "remote_irr(18)",
        _remote_irr,
        lambda value, called: f"remote IRR of pin {called.arguments[0]} is {value}",
        (_A_PIN,),
    ),
    _state(
        "in_flight",
        "How many messages are under way.",
        "in_flight > 3",
        lambda seen, _: seen.in_flight,
        lambda value, _: f"{value:,} messages are under way",
        untold=_ON_ITS_WAY,
    ),
    _state(
        "tick",
        "The number of the tick.",
        "tick == 500",
        lambda seen, _: seen.tick,
        lambda value, _: f"this is tick {value:,}",
    ),
    _state(
        "time",
        "The time of the tick in TSC cycles.",
        "time >= 20000",
        lambda seen, _: seen.time,
        lambda value, _: f"the time is {value:,}",
    ),
)
WORD_NAMES: dict[str, Word] = {word.name: word for word in WORDS}


def words_json() -> dict[str, dict[str, Any]]:
    """Every word, for people: what it means, an example, and whether a recording tells it."""
    return {word.name: {"words": word.meaning, "example": word.example, "recorded": not word.untold} for word in WORDS}
