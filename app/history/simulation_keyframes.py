"""Keyframes of simulations: records, packed."""

from app.engine.codec import NotRecordable
from app.engine.simulation import Simulation
from app.history.keyframes import Pack
from app.history.record import from_state, packed, state, unpacked


def _packed_state(simulation: Simulation) -> bytes | None:
    """None where something is under way, or priced, that no record can name."""
    try:
        return packed(state(simulation))
    except NotRecordable:
        return None


SIMULATION_PACK: Pack[Simulation] = Pack(_packed_state, lambda record: from_state(unpacked(record)), len)
