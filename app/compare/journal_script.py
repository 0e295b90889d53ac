"""What a session was told to do, as stimuli for a pair.

The journal is run again on a machine like the session's. Commands that came while it was still busy belong to the
stimulus that kept it so, at the same distance in cycles; a command that found it idle begins a new one.
"""

from collections.abc import Sequence

from app.backends.cost_sheet import CostSheet
from app.compare.script import Cue, Pairable, Script
from app.sim.commands import SetBackend
from app.sim.journal import Journalled
from app.sim.simulation import Simulation

#: A demonstration that has run for hours would go on for ever: no more stimuli are taken over.
MOST_STIMULI = 2_000
#: A machine that stays busy is not waited for.
_MOST_OPERATIONS = 200_000


class _Again(Simulation):
    """A simulation whose demonstration tells what it does."""

    stimuli: list[list[Cue]]

    def _demonstrate(self, begins: int) -> None:
        before = self.demonstration
        assert before is not None
        self.clock.now = begins
        for command in before.next_commands(self.machine, self.processors):
            self._apply(command)
            self.stimuli[-1].append(Cue(0, command))
        self.stimuli.append([])
        self._dispatch()


def journal_script(
    title: str,
    journal: Sequence[Journalled],
    until: int,
    cpus: int,
    backend: str,
    generation: str,
    sheet: CostSheet,
) -> Script:
    """The *journal* of a session of that back end, kernel and sheet, up to virtual time *until*."""
    again = _Again(cpus, backend, sheet, generation=generation)
    again.stimuli = [[]]
    switched, began, left = False, 0, _MOST_OPERATIONS
    for time, command in journal:
        left -= again.run(time, left)
        if again.idle:
            again.stimuli.append([])
            began = time
        again.apply(command)
        if isinstance(command, SetBackend):
            switched = True
        elif isinstance(command, Pairable):
            again.stimuli[-1].append(Cue(time - began, command))
        again.take_log()
        if left <= 0 or len(again.stimuli) > MOST_STIMULI:
            break
    again.run(until, max(0, left))
    stimuli = [tuple(cues) for cues in again.stimuli if cues]
    return Script(title, tuple(stimuli[:MOST_STIMULI]), tuple(_remarks(stimuli, switched=switched, left=left)))


def _remarks(stimuli: list[tuple[Cue, ...]], *, switched: bool, left: int) -> list[str]:
    remarks = ["What came while the session was still busy comes at the same distance here."]
    if switched:
        remarks.append("The session changed its back end meanwhile; a pair keeps its two.")
    if left <= 0 or len(stimuli) > MOST_STIMULI:
        remarks.append(f"Only the first {min(len(stimuli), MOST_STIMULI)} stimuli were taken over.")
    return remarks
