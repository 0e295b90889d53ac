"""For which CPUs the code of a CPU waits in the end."""

from app.engine.waits import Waits
from app.lesson.kinds.shared import CPU, cpus_answer
from app.lesson.questions import Kind, Rule, Value
from app.lesson.situation import Situation


def _waits_for(situation: Situation) -> Value:
    simulation = situation.rest()
    flights = list(simulation.in_flight.values())
    waits = Waits(simulation.machine, simulation.processors, flights, idle=simulation.idle)
    wait = waits.of(simulation.processors[situation.values["cpu"]])
    return () if wait is None else tuple(sorted(wait.cpus))


def _all_others(situation: Situation) -> tuple[int, ...]:
    return tuple(cpu.number for cpu in situation.now.machine.cpus if cpu.number != situation.values["cpu"])


def _first_other(situation: Situation) -> Value:
    return _all_others(situation)[:1]


WAITS_FOR = Kind(
    "waits_for",
    lambda values, names: f"For which CPUs does the code of CPU {values['cpu']} wait in the end?",
    _waits_for,
    cpus_answer,
    (
        Rule("sending_is_all", "Whoever has sent its request goes on.", lambda _: ()),
        Rule(
            "all_or_nobody",
            "It waits for all the others, until the last has answered.",
            _all_others,
        ),
        Rule("one_answer_will_do", "The first who answers is enough: it waits for one.", _first_other),
    ),
    (CPU,),
)
