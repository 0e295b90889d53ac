"""Fixed scripts, for those who want the same every time."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.lines import LowerPin, RaisePin


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fixed script: *rounds* of stimuli, each round at its time, on a machine of so many CPUs."""

    name: str
    title: str
    cpus: int
    rounds: tuple[tuple[Stimulus, ...], ...]

    #: TSC cycles from one round to the next: longer than any back end takes over one.
    PERIOD = 1_000_000

    def times(self) -> Iterator[tuple[int, tuple[Stimulus, ...]]]:
        """Each round with the cycles since the beginning at which it comes."""
        for number, stimuli in enumerate(self.rounds):
            yield number * self.PERIOD, stimuli


#: A level-triggered pin of the kernel's own set-up.
_DEVICE_PIN = 18
_CPUS = 4
_STORM_CPUS = 8
#: An edge-triggered pin of the kernel's own set-up.
_EDGE_PIN = 4


def _from_each(function: str, cpus: int, times: int) -> tuple[tuple[Stimulus, ...], ...]:
    """Each CPU in turn calls *function*, one call a round."""
    return tuple((CallGuest(cpu % cpus, function),) for cpu in range(cpus * times))


def _pulse(pin: int) -> tuple[Stimulus, ...]:
    return RaisePin(pin), LowerPin(pin)


_STORM_ROUND: tuple[Stimulus, ...] = (
    *(CallGuest(cpu, "smp_call_function") for cpu in range(_STORM_CPUS)),
    *(CallGuest(cpu, "smp_send_reschedule", target=(cpu + 1) % _STORM_CPUS) for cpu in range(_STORM_CPUS)),
)
SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("reschedule", "each CPU wakes the next one", _CPUS, _from_each("smp_send_reschedule", _CPUS, 4)),
        Scenario(
            "call-function", "each CPU has all others run a function", _CPUS, _from_each("smp_call_function", _CPUS, 4)
        ),
        Scenario(
            "tlb-flush", "each CPU has all others drop translations", _CPUS, _from_each("flush_tlb_others", _CPUS, 4)
        ),
        Scenario(
            "devices", "an edge and a level interrupt in turn", _CPUS, (_pulse(_EDGE_PIN), _pulse(_DEVICE_PIN)) * 8
        ),
        Scenario("storm", "all CPUs call functions and wake others at once", _STORM_CPUS, (_STORM_ROUND,) * 4),
    )
}
