"""What the workshop is asked to do with recordings and journals. Each is a plain function that tells how far it is."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

from app.engine.journal import Beginning, Journalled, Moment
from app.pair.journal_script import journal_script as _journal_script
from app.pair.recorded_script import Machine
from app.pair.recorded_script import recorded_script as _recorded_script
from app.pair.script import Script
from app.session.worker import Tell
from app.trace.check.census import Census, CensusTaker
from app.trace.check.replay import Replay
from app.trace.operations import Operation, Recording
from app.trace.readers.registry import read_recording_from
from app.trace.readers.text import UPLOAD_LIMITS

#: Operations in a part of a recording: a few milliseconds to unpack.
_OPERATIONS_IN_PART = 4096
_STIMULI_IN_PART = 512
_STEPS_BETWEEN_WORDS = 4096


def read(tell: Tell, name: str, data: bytes) -> Iterator[Any]:
    """The recording whose file is *data*, in parts for ``whole``. UnusableRecording says what is wrong, and where."""
    recording = _recording(tell, name, data)
    yield recording._replace(operations=())
    operations = recording.operations
    for first in range(0, len(operations), _OPERATIONS_IN_PART):
        yield operations[first : first + _OPERATIONS_IN_PART]


def whole(parts: list[Any]) -> Recording:
    """The recording that ``read`` has taken apart."""
    recording: Recording = parts[0]
    operations: list[Operation] = [operation for part in parts[1:] for operation in part]
    return recording._replace(operations=operations)


def check(tell: Tell, name: str, data: bytes) -> None:
    """Reads a recording and keeps nothing of it. UnusableRecording as for ``read``."""
    _recording(tell, name, data)


def census(tell: Tell, name: str, data: bytes) -> Census:
    """What a recording did to its APICs, counted. UnusableRecording as for ``read``."""
    replay = Replay(_recording(tell, name, data))
    taker = CensusTaker(replay)
    while not replay.finished:
        taker.run(_STEPS_BETWEEN_WORDS)
        tell("replaying the log", replay.position, replay.length)
    return taker.census()


def recorded_script(tell: Tell, name: str, data: bytes, a: Machine, b: Machine, most: int) -> Iterator[Any]:
    """The stimuli of a recording for the machines of a pair, *most* of them, in parts for ``whole_script``.
    UnusableRecording as for ``read``."""
    recording = _recording(tell, name, data)
    tell("replaying the log", 0, 0)
    script = _recorded_script(recording, a, b)
    if len(script.stimuli) > most:
        said = f"Only the first {most:,} of {len(script.stimuli):,} stimuli were taken over."
        script = Script(script.title, script.stimuli[:most], (*script.remarks, said))
    return _script_in_parts(recording.cpu_count, script)


def journal_script(
    tell: Tell, title: str, beginning: Beginning, journal: Sequence[Journalled], until: Moment
) -> Iterator[Any]:
    """The stimuli of a session's journal, in parts for ``whole_script``; the arguments are ``compare``'s."""
    tell("running the session again", 0, 0)
    return _script_in_parts(beginning.cpu_count, _journal_script(title, beginning, journal, until))


def whole_script(parts: list[Any]) -> tuple[int, Script]:
    """The number of CPUs and the script that one of these two has taken apart."""
    cpus, title, remarks = parts[0]
    return cpus, Script(title, tuple(stimulus for part in parts[1:] for stimulus in part), remarks)


def _script_in_parts(cpus: int, script: Script) -> Iterator[Any]:
    yield cpus, script.title, script.remarks
    for first in range(0, len(script.stimuli), _STIMULI_IN_PART):
        yield script.stimuli[first : first + _STIMULI_IN_PART]


def _recording(tell: Tell, name: str, data: bytes) -> Recording:
    size = len(data)
    return read_recording_from(name, io.BytesIO(data), UPLOAD_LIMITS, lambda done: tell("reading the log", done, size))
