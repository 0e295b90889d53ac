"""Who gets a lowest-priority message (SDM vol. 3, "Lowest Priority Delivery Mode").

The manual leaves the choice to the chipset; a profile names one.
"""

from collections.abc import Sequence
from typing import assert_never

from app.hw import vector_hash
from app.hw.cpu import Cpu
from app.hw.local_apic import LocalApic
from app.hw.messages import InterruptMessage
from app.hw.profile import LowestPriorityChoice, Profile

_FOCUS_CHECKING_OFF = 1 << 9


def arbitration_priority(apic: LocalApic) -> int:
    """APR, which only the P6 family has ("Arbitration Priority Register (APR)")."""
    requested, in_service, task = (apic.irr.highest() or 0) >> 4, (apic.isr.highest() or 0) >> 4, apic.tpr >> 4
    if task >= requested and task > in_service:
        return apic.tpr
    return max(task & in_service, requested) << 4


class Arbiter:
    """Chooses one of several CPUs, and remembers who was chosen when, so that among equals everyone has a turn."""

    __slots__ = ("_choice", "_chosen", "_cpus", "_last")

    def __init__(self, profile: Profile, cpus: Sequence[Cpu]) -> None:
        self._cpus = cpus
        self._choice = profile.lowest_priority
        self._chosen = 0
        #: CPU number to when it was chosen last, as a count of choices.
        self._last: dict[int, int] = {}

    def choose(self, message: InterruptMessage, addressed: Sequence[Cpu]) -> Cpu | None:
        """The CPU that *message* goes to, of those that it names; None when nobody gets it. Changes nothing."""
        if self._choice is LowestPriorityChoice.VECTOR_HASH:
            return vector_hash.choose(message, self._cpus, addressed)
        if not addressed:
            return None
        enabled = [cpu for cpu in addressed if cpu.apic.software_enabled] or addressed
        match self._choice:
            case LowestPriorityChoice.TASK_PRIORITY:
                return min(enabled, key=lambda cpu: (cpu.apic.tpr >> 4, self._last.get(cpu.number, 0), cpu.number))
            case LowestPriorityChoice.LOWEST_ID:
                return min(addressed, key=lambda cpu: cpu.apic.apic_id)
            case LowestPriorityChoice.ARBITRATION_PRIORITY:
                return self._focus(message.vector, enabled) or min(
                    enabled, key=lambda cpu: (arbitration_priority(cpu.apic), -cpu.apic.apic_id)
                )
            case unknown:
                assert_never(unknown)

    def _focus(self, vector: int, candidates: Sequence[Cpu]) -> Cpu | None:
        """The focus processor: the one that serves this vector or has it pending, unless it does not check for that."""
        for cpu in candidates:
            apic = cpu.apic
            if not apic.svr & _FOCUS_CHECKING_OFF and (vector in apic.isr or vector in apic.irr):
                return cpu
        return None

    def chosen(self, cpu: Cpu) -> None:
        """*cpu* was given a message."""
        self._chosen += 1
        self._last[cpu.number] = self._chosen
