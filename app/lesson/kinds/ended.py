"""Which vector the next EOI of a CPU ends."""

from app.hw.events import EoiWithoutInterrupt, InterruptEnded
from app.lesson.kinds.shared import CPU, vector_answer
from app.lesson.questions import Kind, NoAnswer, NotApplicable, Rule, Value
from app.lesson.situation import Situation, requested


def _ended(situation: Situation) -> Value:
    cpu = situation.values["cpu"]
    for one in situation.happens():
        match one.event:
            case InterruptEnded(at, vector) if at == cpu:
                return int(vector)
            case EoiWithoutInterrupt(at) if at == cpu:
                return None
            case _:
                pass
    raise NoAnswer(f"CPU {cpu} writes no EOI here")


def _own_vector(situation: Situation) -> Value:
    """The vector whose handler runs."""
    handlers = situation.now.processors[situation.values["cpu"]].handlers()
    vectors = [frame.vector for frame in handlers if frame.vector is not None]
    if not vectors:
        raise NotApplicable
    return int(vectors[-1])


def _in_service(situation: Situation) -> list[int]:
    """What is in service before anything is done, upwards: the oldest first, since only a higher class comes on top."""
    vectors = [int(vector) for vector in situation.now.machine.cpus[situation.values["cpu"]].apic.isr]
    if not vectors:
        raise NotApplicable
    return vectors


def _interrupted(situation: Situation) -> Value:
    if len(_in_service(situation)) < 2:
        raise NotApplicable
    return _in_service(situation)[-2]


def _highest_request(situation: Situation) -> Value:
    if not requested(situation.cpu):
        raise NotApplicable
    return max(requested(situation.cpu))


ENDED = Kind(
    "ended",
    lambda values, names: f"Which vector does the next EOI of CPU {values['cpu']} end?",
    _ended,
    vector_answer,
    (
        Rule("own_vector", "An EOI ends the vector of the handler that writes it.", _own_vector),
        Rule("oldest_first", "An EOI ends what has been in service longest.", lambda one: _in_service(one)[0]),
        Rule("interrupted_one", "An EOI ends what the running handler has interrupted.", _interrupted),
        Rule("highest_request", "An EOI ends the highest request.", _highest_request),
    ),
    (CPU,),
)
