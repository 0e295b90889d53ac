"""Who receives what is sent."""

from app.hw.events import Accepted, Merged
from app.lesson.kinds.next_taken import named_cpus
from app.lesson.kinds.shared import DEAF, VECTOR, cpus_answer, lets_in, sent
from app.lesson.questions import Kind, NotApplicable, Rule, Value
from app.lesson.situation import Situation, outcome_at
from app.x86.icr import DeliveryMode, DestinationMode, Shorthand
from app.x86.vectors import priority_class
from app.x86.words import vector_words


def _receivers(situation: Situation) -> tuple[int, ...]:
    """The CPUs at which the vector arrives from now on, alone or to be merged."""
    vector = situation.values["vector"]
    came = [
        event for event in situation.events if isinstance(event, Accepted | Merged) and outcome_at(event, None, vector)
    ]
    return tuple(sorted({event.cpu for event in came}))


def _broadcast_is_255(situation: Situation) -> Value:
    icr, _, cpus = sent(situation)
    if icr.shorthand is not Shorthand.NONE or icr.destination_mode is not DestinationMode.PHYSICAL:
        raise NotApplicable
    return tuple(cpu.number for cpu in cpus if cpu.apic.apic_id == icr.destination)


def _destination_is_number(situation: Situation) -> Value:
    icr, _, cpus = sent(situation)
    if icr.shorthand is not Shorthand.NONE or icr.destination_mode is not DestinationMode.LOGICAL:
        raise NotApplicable
    return tuple(cpu.number for cpu in cpus if cpu.number == icr.destination)


def _destination_is_bits(situation: Situation) -> Value:
    icr, _, cpus = sent(situation)
    if icr.shorthand is not Shorthand.NONE:
        raise NotApplicable
    return tuple(cpu.number for cpu in cpus if icr.destination >> cpu.number & 1)


def _must_be_equal(situation: Situation) -> Value:
    icr, _, cpus = sent(situation)
    if icr.shorthand is not Shorthand.NONE or icr.destination_mode is not DestinationMode.LOGICAL:
        raise NotApplicable
    return tuple(cpu.number for cpu in cpus if cpu.apic.logical_id >> 24 == icr.destination)


def _sender_is_spared(situation: Situation) -> Value:
    _, sender, _ = sent(situation)
    return tuple(cpu for cpu in _receivers(situation) if cpu != sender)


def _broadcast_returns(situation: Situation) -> Value:
    icr, _, cpus = sent(situation)
    if icr.shorthand is not Shorthand.ALL_EXCLUDING_SELF:
        raise NotApplicable
    return tuple(cpu.number for cpu in cpus)


def _one_cpu(situation: Situation) -> Value:
    receivers = _receivers(situation)
    if len(receivers) < 2:
        raise NotApplicable
    return (receivers[0],)


def _those_with_if(situation: Situation) -> Value:
    cpus = situation.then.machine.cpus
    return tuple(cpu for cpu in _receivers(situation) if lets_in(cpus[cpu]))


def _those_below(situation: Situation) -> Value:
    cpus, own = situation.then.machine.cpus, priority_class(situation.values["vector"])
    return tuple(cpu for cpu in _receivers(situation) if own > priority_class(cpus[cpu].apic.ppr))


def _all_named(situation: Situation) -> Value:
    icr, _, _ = sent(situation)
    if icr.delivery_mode is not DeliveryMode.LOWEST_PRIORITY:
        raise NotApplicable
    return tuple(named_cpus(situation))


def _everybody(situation: Situation) -> Value:
    return tuple(cpu.number for cpu in situation.now.machine.cpus)


def _lowest_named(situation: Situation) -> Value:
    icr, _, _ = sent(situation)
    if icr.delivery_mode is not DeliveryMode.LOWEST_PRIORITY:
        raise NotApplicable
    return tuple(named_cpus(situation)[:1])


RECEIVERS = Kind(
    "receivers",
    lambda values, names: f"Which CPUs receive {vector_words(values['vector'], names)}?",
    _receivers,
    cpus_answer,
    (
        Rule("broadcast_is_255", "A physical destination is one APIC ID: 0xFF is CPU 255.", _broadcast_is_255),
        Rule("destination_is_number", "A destination is a CPU's number, whatever the mode.", _destination_is_number),
        Rule("destination_is_bits", "A destination has a bit for each CPU, whatever the mode.", _destination_is_bits),
        Rule("must_be_equal", "A logical ID has to equal the destination, bit by bit.", _must_be_equal),
        Rule("sender_is_spared", "Nobody sends an interrupt to itself.", _sender_is_spared),
        Rule("broadcast_returns", "A broadcast reaches its sender, too.", _broadcast_returns),
        Rule("one_message_one_cpu", "One message reaches one CPU.", _one_cpu),
        Rule("interrupts_off_is_deaf", DEAF, _those_with_if),
        Rule("busy_is_deaf", "A CPU that does something more urgent receives nothing.", _those_below),
        Rule("everybody_listens", "All CPUs listen to the bus, so all receive what is on it.", _everybody),
        Rule("lowest_priority_for_all", "Lowest priority reaches all that are named.", _all_named),
        Rule("lowest_number", "Lowest priority chooses the lowest number.", _lowest_named),
    ),
    (VECTOR,),
    needs_when=True,
)
