"""One IPI on its way, step by step, as a simulation shows it."""

from app.costs.sheet import CostSheet
from app.engine.probe import Probe
from app.engine.simulation import Simulation
from app.guest.step_kinds import Side, price_of, side_of
from app.guest.steps import SpinUntil
from app.hw.messages import BusMessage, EoiBroadcast
from app.measure.comparison import Bar, Waterfall
from app.measure.functions import MEASURED_FUNCTIONS, MeasuredFunction
from app.measure.observation import Done, Observation
from app.measure.running import keep_running, start
from app.state.step_words import step_words

_CPUS = 4
_SENDER, _TARGET = 0, 1


class _Flights(Probe):
    """The messages of *simulation* on their way, as bars that count from when this began."""

    def __init__(self, simulation: Simulation) -> None:
        self._began = simulation.time
        self.bars: list[Bar] = []
        simulation.execution.add_probe(self)

    def message_posted(self, message: BusMessage, leaves: int, arrives: int) -> None:
        """It is on the bus from then to then."""
        price = "eoi_broadcast_flight" if isinstance(message, EoiBroadcast) else "message_flight"
        words = "the message is on its way"
        self.bars.append(Bar(leaves - self._began, arrives - leaves, None, "bus", words, price))


def waterfall(function: str, backend: str, sheet: CostSheet, generation: str) -> Waterfall:
    """*function* from CPU 0 to CPU 1, which runs. KeyError for an unknown function or back end, ValueError for a
    kernel that the back end never met or a sheet that cannot price it."""
    measured = MEASURED_FUNCTIONS[function]
    return Waterfall(backend, _bars(measured, Simulation(_CPUS, backend, sheet, generation=generation)))


def _bars(function: MeasuredFunction, simulation: Simulation) -> tuple[Bar, ...]:
    keep_running(simulation)
    seen, flights = Observation(simulation), _Flights(simulation)
    began = simulation.time
    start(simulation, function, _SENDER, 1 << _TARGET)
    simulation.run(until_idle=True)
    bars = [_bar(done, began) for done in seen.steps if done.work.cycles or not isinstance(done.step, SpinUntil)]
    return tuple(sorted((*bars, *flights.bars), key=lambda bar: bar.start))


def _bar(done: Done, began: int) -> Bar:
    where = "hypervisor" if side_of(done.step) is Side.HOST else "guest"  # hardware works in the guest's time
    return Bar(done.time - began, done.work.cycles, done.cpu, where, step_words(done.step), price_of(done.step))
