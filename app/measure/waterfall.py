"""One IPI on its way, step by step, as a simulation shows it."""

from app.costs.sheet import CostSheet
from app.engine.event_log import WholeLog
from app.engine.simulation import Simulation
from app.guest.steps import (
    Decode,
    EmulatedRead,
    EmulatedWrite,
    HostEndEvent,
    HostSend,
    HostWork,
    Hypercall,
    HypervisorCall,
    OfferEoiWord,
    SpinUntil,
    Step,
    VmEntry,
    VmExit,
    price_of,
)
from app.hw.events import MessageSent
from app.hw.messages import EoiBroadcast
from app.measure.comparison import Bar, Waterfall
from app.measure.functions import MEASURED_FUNCTIONS, MeasuredFunction
from app.measure.observation import Done, Observation
from app.measure.running import keep_running, start
from app.state.step_words import step_words

_CPUS = 4
_SENDER, _TARGET = 0, 1
#: The rest are the guest's, or hardware's on its behalf.
_HYPERVISORS = (
    *(VmExit, Decode, EmulatedRead, EmulatedWrite, HostWork, HostSend, HostEndEvent, OfferEoiWord, VmEntry),
    *(HypervisorCall, Hypercall),
)
#: Work that needs no hypervisor, although a back end yields it as the host's.
_BY_HARDWARE = frozenset({"posted_delivery", "ipi_virtualization"})


def waterfall(function: str, backend: str, sheet: CostSheet, generation: str) -> Waterfall:
    """*function* from CPU 0 to CPU 1, which runs. KeyError for an unknown function or back end, ValueError for a
    kernel that the back end never met or a sheet that cannot price it."""
    measured = MEASURED_FUNCTIONS[function]
    return Waterfall(backend, _bars(measured, Simulation(_CPUS, backend, sheet, generation=generation, log=WholeLog)))


def _bars(function: MeasuredFunction, simulation: Simulation) -> tuple[Bar, ...]:
    keep_running(simulation)
    simulation.take_log()
    seen = Observation(simulation)
    began = simulation.time
    start(simulation, function, _SENDER, 1 << _TARGET)
    simulation.run(until_idle=True)
    bars = [_bar(done, began) for done in seen.steps if done.cycles or not isinstance(done.step, SpinUntil)]
    ends = {(done.time, done.cpu): done.time + done.cycles for done in seen.steps}
    for time, event in simulation.take_log():
        if isinstance(event, MessageSent):
            price = "eoi_broadcast_flight" if isinstance(event.message, EoiBroadcast) else "message_flight"
            flight = simulation.sheet.price(price)
            leaves = ends.get((time, event.message.source or 0), time)  # when the step that posts it is over
            bars.append(Bar(leaves - began, flight, None, "bus", "the message is on its way", price))
    return tuple(sorted(bars, key=lambda bar: bar.start))


def _bar(done: Done, began: int) -> Bar:
    price = price_of(done.step)
    return Bar(done.time - began, done.cycles, done.cpu, _where(done.step), step_words(done.step), price)


def _where(step: Step) -> str:
    hypervisor = isinstance(step, _HYPERVISORS) and price_of(step) not in _BY_HARDWARE
    return "hypervisor" if hypervisor else "guest"
