"""Keyframes of simulations: records, packed."""

from collections.abc import Callable

from app.engine.codec import NotRecordable
from app.engine.simulation import Simulation
from app.history.keyframes import Keyframes, Pack
from app.history.record import from_state, packed, state, unpacked
from app.history.versions import fingerprint


def _packed_state(simulation: Simulation) -> bytes | None:
    """None where something is under way, or priced, that no record can name."""
    try:
        return packed(state(simulation))
    except NotRecordable:
        return None


def simulation_keyframes(spent: Callable[[], float], pack: Pack[Simulation] | None = None) -> Keyframes[Simulation]:
    """Those of one session; *spent* is as Keyframes has it."""
    fingerprint()  # found once per process: the first keyframe is not to pay for it, and put the second one off
    return Keyframes(pack or SIMULATION_PACK, spent)


SIMULATION_PACK: Pack[Simulation] = Pack(_packed_state, lambda record: from_state(unpacked(record)), len)
