"""How many IPIs a machine delivers a second when each is alone: guest, back end, bus, acceptance, handler, EOI, and all
events. ``ping.BACKEND`` follows fast paths (``engine/fast_paths``) where it can, and makes every event;
``ping.BACKEND.unread`` leaves the events to whoever would ask for them; ``ping.BACKEND.model`` lets the model do
everything itself. ``ping.BACKEND.followed`` is a session's: each IPI is a command of its history, and its score is
written."""

from collections.abc import Callable, Sequence

from app.backends.catalogue import BACKENDS
from app.bench.result import Figure
from app.bench.rounds import alone, reschedule, seconds, warmed_up
from app.commands.guest import CallGuest
from app.engine.simulation import Simulation
from app.session.simulated import SimulatedDrive

_CPUS = 4
_IPIS = 500
_ROUNDS = 6
#: So often, in IPIs, the log is taken: before it drops anything.
_READ = 50


def measure() -> list[Figure]:
    """Under each back end, in processor time: the best of several rounds."""
    calls = [reschedule(number, _CPUS, _CPUS) for number in range(_IPIS)]
    return [figure for backend in BACKENDS for figure in _figures(backend, calls)]


def _figures(backend: str, calls: Sequence[CallGuest]) -> list[Figure]:
    follows, model = (warmed_up(_CPUS, backend, _CPUS, fast_paths=taken) for taken in (True, False))

    def with_events() -> None:
        for first in range(0, len(calls), _READ):
            alone(follows, calls[first : first + _READ])
            follows.take_log()

    rates = {
        f"ping.{backend}": _rate(with_events),
        f"ping.{backend}.unread": _rate(lambda: alone(follows, calls)),
        f"ping.{backend}.model": _rate(lambda: alone(model, calls)),
        f"ping.{backend}.followed": _rate(_in_session(backend, calls)),
    }
    return [Figure(name, rate, "IPIs/s") for name, rate in rates.items()]


def _in_session(backend: str, calls: Sequence[CallGuest]) -> Callable[[], None]:
    """All of *calls* as commands of one session, which somebody reads; paths are known when it is done first."""
    drive = SimulatedDrive(Simulation(_CPUS, backend))

    def work() -> None:
        for number, call in enumerate(calls, 1):
            drive.apply(call)
            drive.run()
            if not number % _READ:
                drive.take_log()

    work()
    return work


def _rate(work: Callable[[], None]) -> float:
    return max(_IPIS / seconds(work) for _ in range(_ROUNDS))
