"""What PPR of a CPU is."""

from app.lesson.kinds.shared import CPU
from app.lesson.questions import Kind, Rule
from app.lesson.situation import Situation, requested


def _tpr(situation: Situation) -> int:
    return situation.cpu.apic.tpr


def _in_service(situation: Situation) -> int:
    return situation.cpu.apic.isr.highest() or 0


PPR = Kind(
    "ppr",
    lambda values, names: f"What is PPR of CPU {values['cpu']}?",
    lambda one: int(one.cpu.apic.ppr),
    lambda value, names: f"{value:#04x}",
    (
        Rule("ppr_is_tpr", "PPR is the task priority.", _tpr),
        Rule("ppr_is_vector", "PPR is the vector in service, subclass and all.", _in_service),
        Rule(
            "ppr_is_greater",
            "PPR is the greater of the task priority and the vector in service.",
            lambda one: max(_tpr(one), _in_service(one)),
        ),
        Rule("no_subclass", "PPR has no subclass.", lambda one: max(_tpr(one), _in_service(one)) & 0xF0),
        Rule(
            "requests_raise_ppr",
            "What is requested raises PPR.",
            lambda one: max([_tpr(one), _in_service(one), *requested(one.cpu)]) & 0xF0,
        ),
        Rule("service_alone", "What is in service decides, whatever TPR is.", lambda one: _in_service(one) & 0xF0),
    ),
    (CPU,),
)
