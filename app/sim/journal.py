"""What was asked of a simulation, and when: enough to repeat it exactly."""

from typing import NamedTuple

from app.sim.commands import Stimulus


class Journalled(NamedTuple):
    """A command with the moment at which it was applied."""

    time: int
    command: Stimulus
