"""What the state of a session is made of: the types from which snapshots and differences are built.

``app/WIRE.md`` describes it; its keys, the page's types (``static/js/protocol.js``) and the shapes of the interface's
description are held against these by tests.
"""

from typing import Annotated, Literal, NotRequired, TypedDict

from app.engine.waits import Window
from app.hw.cpu import RunState
from app.hw.messages import Origin
from app.state.session_shapes import (
    BreakpointsState,
    KeptState,
    ScoreState,
    SleepState,
    ThrottledState,
    UnderWayState,
)
from app.x86.icr import DeliveryMode, DestinationMode, Shorthand, TriggerMode
from app.x86.model_specific_registers import ApicMode

#: 256 bits as 64 hexadecimal digits: one number whose bit *v* is vector *v*.
VectorDigits = str
#: A register's value, such as "0x000000ff".
RegisterDigits = str

#: How the state writes the fields of a command or of a redirection entry.
DELIVERY_MODES = tuple(mode.name.lower() for mode in DeliveryMode)
DESTINATION_MODES = tuple(mode.name.lower() for mode in DestinationMode)
TRIGGER_MODES = tuple(mode.name.lower() for mode in TriggerMode)
SHORTHANDS = tuple(shorthand.name.lower() for shorthand in Shorthand)


class RunningHandler(TypedDict):
    """A handler that has begun and not returned."""

    #: None is an NMI's or an SMI's.
    vector: int | None
    name: str
    #: Virtual time.
    since: int


class CalledFunction(TypedDict):
    """A function on the call stack."""

    function: str
    #: By the back end.
    overridden: bool
    #: The interrupt whose handler begins here, over the functions before it; None where those call it.
    interrupts: str | None


class LastStep(TypedDict):
    """The step that a CPU has done last."""

    kind: str
    words: str
    cycles: int
    side: Literal["guest", "host"]


class WaitingVector(TypedDict):
    """A vector, or a port, that is requested, and what it waits for."""

    vector: int
    #: The first that is closed, by its name in ``hw/gates``; empty when it is taken next.
    gate: str
    text: str


class RepeatedRequest(TypedDict):
    """A vector, or a port, that stands for several requests."""

    vector: int
    #: The first request, and those that became one with it: two at least.
    times: int


class CpuWait(TypedDict):
    """What a CPU's code polls or spins for."""

    words: str
    #: Link by link.
    because: list[str]
    #: On whom.
    cpus: list[int]
    #: Nothing that is under way can end it.
    for_ever: bool


class IcrWords(TypedDict):
    """The interrupt command as a sentence."""

    words: str
    #: As short as a card needs it.
    short: str


class IcrFields(IcrWords):
    """The interrupt command field by field, in the manual's words, and as a sentence."""

    vector: str
    delivery_mode: Annotated[str, DELIVERY_MODES]
    destination_mode: Annotated[str, DESTINATION_MODES]
    delivery_status: Literal["idle", "send_pending"]
    level: Literal["assert", "deassert"]
    trigger_mode: Annotated[str, TRIGGER_MODES]
    shorthand: Annotated[str, SHORTHANDS]
    destination: str


class TimerState(TypedDict):
    """The local APIC timer."""

    mode: str
    initial_count: int
    divide: int
    #: Virtual time.
    deadline: int | None
    words: str


class Destinations(TypedDict):
    """What one writes into ICR's destination field to name a CPU."""

    physical: int
    logical: int
    #: The bits that name a cluster: two logical destinations can be one where these are the same.
    group: int


class SharedWord(TypedDict):
    """One of the words that a guest without an APIC shares with its hypervisor."""

    name: str
    value: str
    words: str
    short: str
    short_value: str


class EventChannelWords(TypedDict):
    """All of these words; bit *p* is port *p*."""

    pending: VectorDigits
    masked: VectorDigits
    #: Ports that need an end by hypercall.
    level: VectorDigits
    #: The words of 64 ports to look into, since the guest looked last.
    selector: str
    upcall_pending: bool
    upcall_mask: bool
    rows: list[SharedWord]


class LocalSources(TypedDict):
    """What fires inside a CPU, or at its pins."""

    lvt: dict[str, RegisterDigits]
    lvt_words: dict[str, str]
    #: What drives LINT0 and LINT1.
    lint: list[int]
    timer: TimerState


class HardwareState(LocalSources):
    """One CPU as the hardware is."""

    cpu: int
    apic_id: int
    apic_mode: Annotated[str, ApicMode]
    #: IA32_APIC_BASE as RDMSR gives it.
    apic_base: RegisterDigits
    run_state: Annotated[str, RunState]
    interrupt_flag: bool
    interrupt_shadow: bool
    #: A person holds its interrupts off.
    held_off: bool
    irr: VectorDigits
    isr: VectorDigits
    tmr: VectorDigits
    #: Vectors that were requested again while they were requested.
    coalesced: VectorDigits
    #: How often, of those vectors; of a guest without an APIC: of ports.
    repeated: list[RepeatedRequest]
    tpr: RegisterDigits
    ppr: RegisterDigits
    icr: RegisterDigits
    icr_fields: IcrFields
    esr: RegisterDigits
    svr: RegisterDigits
    ldr: RegisterDigits
    dfr: RegisterDigits
    #: What registers come to, by the keys that hold their values.
    register_words: dict[str, str]
    #: Keys of registers whose value tells that something is wrong.
    alarms: list[str]
    destinations: Destinations
    #: Vectors, lowest priority first.
    in_service: list[int]
    #: Of a guest without an APIC.
    event_channels: EventChannelWords | None
    nmi_pending: bool
    smi_pending: bool
    init_pending: bool
    in_smm: bool


class SoftwareState(TypedDict):
    """What runs on a CPU, as far as anybody knows."""

    #: Whether interrupts come in, and who keeps them out.
    window: Annotated[str, Window]
    why: list[WaitingVector]
    waits: CpuWait | None
    #: Outermost first.
    handlers: list[RunningHandler]
    #: Outermost first.
    call_stack: list[CalledFunction]
    activity: str
    step: LastStep | None
    in_host: bool
    #: Calls that wait their turn.
    queued: list[str]


class CpuState(HardwareState, SoftwareState):
    """One CPU."""


class PinState(TypedDict):
    """A pin of the I/O APIC with its redirection entry."""

    pin: int
    line: int
    redirection: RegisterDigits
    vector: str
    delivery_mode: Annotated[str, DELIVERY_MODES]
    destination_mode: Annotated[str, DESTINATION_MODES]
    destination: str
    polarity: Literal["active_high", "active_low"]
    trigger_mode: Annotated[str, TRIGGER_MODES]
    masked: bool
    remote_irr: bool
    delivery_status: Literal["idle", "send_pending"]


class IoApicState(TypedDict):
    """The I/O APIC."""

    id: str
    pins: list[PinState]


class LegacyPicState(TypedDict):
    """The pair of 8259s, as far as the model has it: nothing is masked there, and nothing stays in service."""

    #: Lines that devices hold up.
    up: list[int]
    #: Lines whose requests nobody has acknowledged.
    requested: list[int]
    #: Of the wire to LINT0 of CPU 0.
    output: int


class FlightState(TypedDict):
    """A message on its way."""

    message: int
    kind: Annotated[str, Origin, Literal["eoi_broadcast"]]
    #: A CPU; None where something else has sent it.
    source: int | None
    vector: int
    delivery_mode: Annotated[str, DELIVERY_MODES]
    targets: list[int]
    sent: int
    arrives: int


class CaptionState(TypedDict):
    """The sentence that tells most of a moment, and what it is about."""

    #: Never empty.
    words: str
    #: What it says, as ``caption.CAPTION_KINDS`` has it.
    kind: str
    cpu: int | None
    vector: int | None
    pin: int | None


#: The lists of gates that there are, what something has come to, and how it stands to one gate.
Way = Literal["vector", "port", "source", "pin", "message", "code"]
Status = Literal["asked_about", "coming", "requested", "in_service", "waits", "runs"]
Passage = Literal["passed", "barred", "not_reached"]


class RuleState(TypedDict):
    """Where a gate's rule stands."""

    #: The section of the manual, of a data sheet, or the file.
    section: str
    #: A path of the server, to the register that decides; None where none does.
    href: str | None


class GateState(TypedDict):
    """One gate of a way in."""

    gate: str
    #: What lets through.
    name: str
    state: Passage
    #: Nothing would be held up here as it stands now, reached or not.
    open: bool
    #: What it stands at.
    value: str
    #: A sentence.
    words: str
    rule: RuleState


class LinkState(TypedDict):
    """One sentence of a chain across CPUs."""

    words: str
    cpu: int
    vector: int | None


class LadderState(TypedDict):
    """The gates that something passes, in their order, and the sentence that comes of it."""

    title: str
    #: The list of gates that it is.
    way: Way
    #: What it has come to: asked_about is nowhere yet.
    status: Status
    gates: list[GateState]
    #: Of code that waits: on whom, and on whom that waits in its turn.
    chain: list[LinkState]
    caption: CaptionState


class EndingState(TypedDict):
    """What ended otherwise than by acceptance, where, and how often."""

    #: As an event's.
    kind: str
    cpu: int | None
    vector: int | None
    message: int | None
    pin: int | None
    text: str
    #: The others were equal but for the CPU and the message.
    times: int
    #: Since somebody acted last.
    fresh: bool


class LimitState(TypedDict):
    """What a recording cannot show, from a line of its file on."""

    line: int
    says: str


class RecordingState(TypedDict):
    """How far a recording is, and how well the model explains it."""

    name: str
    position: int
    length: int
    finished: bool
    line: int
    reads_checked: int
    reads_mismatched: int
    vectors_checked: int
    vectors_mismatched: int
    #: Differences of every kind that are no known deviation of the recorder.
    unexplained: int
    checked: int
    #: What hangs on something that the file does not show.
    unseen: int
    limits: list[LimitState]


class DifferenceState(TypedDict):
    """One difference between a recording and the model."""

    line: int
    #: Operations done when all of the line is.
    position: int
    time: int
    cpu: int | None
    recorded: str | None
    model: str | None
    why: str | None
    known_deviation: str | None
    text: str


class PairState(TypedDict):
    """How far the pair is that a machine is one of."""

    stimuli: int
    waiting: int
    paused: bool
    at_rest: bool


class Condition(TypedDict):
    """What a session shows of itself."""

    paused: bool
    #: Virtual cycles per second of wall time; None is flat out.
    speed: float | None
    under_way: UnderWayState | None
    sleep: SleepState | None
    throttled: ThrottledState | None
    kept: KeptState | None
    score: ScoreState
    #: None: nobody can set any here.
    breakpoints: BreakpointsState | None


class MachineState(TypedDict):
    """What a drive shows of its machine."""

    tick: int
    #: The last tick of the branch.
    head: int
    #: Its number among the courses of the session's history.
    branch: int
    #: The tick is the head.
    live: bool
    #: Of the model's state: equal exactly when it is equal, in any process. None in a frame.
    hash: str | None
    backend: str
    #: What the cost sheet leaves out of the back end.
    backend_remark: str
    #: The text that names it: with a "?" when figures were changed by hand.
    cost_sheet: str
    #: Name to reason.
    backends_refused: dict[str, str]
    profile: str
    #: None where nobody knows the kernel.
    generation: str | None
    switching_to: str | None
    #: The machine acts by itself.
    demonstration: bool
    idle: bool
    counters: dict[str, int]
    #: Interrupts that each CPU has taken in the last 10,000 cycles or so.
    rates: list[int]
    cpus: list[CpuState]
    ioapic: IoApicState
    pic: LegacyPicState
    in_flight: list[FlightState]
    caption: CaptionState
    #: The newest last: six of them at most.
    endings: list[EndingState]
    recording: RecordingState | None
    #: Of a session that follows a recording.
    differences: NotRequired[list[DifferenceState]]
    #: Of a machine that is one of two.
    pair: NotRequired[PairState]


class State(Condition, MachineState):
    """All that there is to see of a session."""

    #: Virtual time, in TSC cycles.
    time: int
    viewers: int


class NumberedState(State):
    """The answer to a question for the state."""

    #: Its number in the stream.
    seq: int


#: The keys of a ``State`` that have changed; under ``cpus`` those of each changed CPU, by its number.
Delta = dict[str, object]
