"""Who follows the growth of a session's branches."""

from typing import Protocol

from app.engine.simulation import Simulation
from app.history.branches import Branch


class Onlooker(Protocol):
    """Is told where a branch grows, and nothing of what is done again: the past is known already."""

    def attend(self, branch: Branch, simulation: Simulation) -> None:
        """*branch* is about to grow by *simulation*, which stands at its head. Told again each time."""

    def leave(self) -> None:
        """Nothing grows any more by the simulation that was told last."""

    def conceive(self, parent: Branch, simulation: Simulation) -> None:
        """A command is about to be tried at a past tick of *parent*, which another branch may leave there."""

    def give_birth(self, branch: Branch | None) -> None:
        """*branch* has begun so; None: the command could not be done."""
