"""What a session was told to do, as stimuli for a pair.

The journal is run again on a machine like the session's when that began, each command at its own moment. Commands that
came while it was still busy belong to the stimulus that kept it so, at the same distance in cycles; a command that
found it idle begins a new one.
"""

from collections.abc import Sequence

from app.commands.command import Stimulus
from app.commands.machine import SetBackend
from app.engine.journal import Beginning, Journalled, Moment
from app.engine.performable import Performable
from app.engine.simulation import Simulation
from app.pair.script import Cue, Script

#: A demonstration that has run for hours would go on for ever: no more stimuli are taken over.
MOST_STIMULI = 2_000
#: A machine that stays busy is not waited for.
_MOST_OPERATIONS = 200_000


class _Again(Simulation):
    """A simulation whose stimuli are written down, those of its demonstration too."""

    def __init__(self, beginning: Beginning) -> None:
        super().__init__(*beginning)
        self.stimuli: list[list[Cue]] = [[]]
        self._began = 0

    def give(self, command: Performable) -> None:
        """Applies *command*, as one of the present stimulus unless that has come to its end."""
        now = self.time
        if self.idle:
            self._begin_stimulus(now)
        self.apply(command)
        if isinstance(command, Stimulus) and command.pairable:
            self.stimuli[-1].append(Cue(now - self._began, command))

    def _begin_stimulus(self, now: int) -> None:
        self._began = now
        if self.stimuli[-1]:
            self.stimuli.append([])

    def _demonstrate(self, begins: int) -> None:
        self._begin_stimulus(begins)
        super()._demonstrate(begins)

    def _act(self, command: Performable) -> None:
        super()._act(command)
        if isinstance(command, Stimulus):
            self.stimuli[-1].append(Cue(0, command))


def journal_script(title: str, beginning: Beginning, journal: Sequence[Journalled], until: Moment) -> Script:
    """The *journal* of a session that began so, up to the moment *until*."""
    again = _Again(beginning)
    switched, left = False, _MOST_OPERATIONS
    for entry in journal:
        left -= again.run_to(entry.moment, left)
        if left <= 0 or len(again.stimuli) > MOST_STIMULI:
            break
        again.give(entry.command)
        switched |= isinstance(entry.command, SetBackend)
    else:
        left -= again.run_to(until, left)
    stimuli = [tuple(cues) for cues in again.stimuli if cues]
    return Script(title, tuple(stimuli[:MOST_STIMULI]), tuple(_remarks(stimuli, switched=switched, left=left)))


def _remarks(stimuli: list[tuple[Cue, ...]], *, switched: bool, left: int) -> list[str]:
    remarks = ["What came while the session was still busy comes at the same distance here."]
    if switched:
        remarks.append("The session changed its back end meanwhile; a pair keeps its two.")
    if left <= 0 or len(stimuli) > MOST_STIMULI:
        remarks.append(f"Only the first {min(len(stimuli), MOST_STIMULI)} stimuli were taken over.")
    return remarks
