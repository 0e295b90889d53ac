"""What a replay has found and what its recording cannot show, as the page and the JSON interface get them."""

from bisect import bisect_left
from itertools import islice

from app.state.shapes import DifferenceState, LimitState
from app.trace.check.findings import Difference, ReadDifference, VectorDifference
from app.trace.check.replay import Replay
from app.trace.check.sentences import difference_words

#: So many differences without an explanation are told one by one, and so many with one. All are counted.
MOST_TOLD = 100
_WITHOUT_TIME = "the log has no time stamps, so all of its score stands at time 0"


def limit_records(replay: Replay) -> list[LimitState]:
    """What the recording cannot show, each said once."""
    limits: list[LimitState] = [{"line": limit.line, "says": limit.says} for limit in replay.recording.limits]
    operations = replay.recording.operations
    if operations and not operations[-1].time:
        limits.append({"line": operations[0].line, "says": _WITHOUT_TIME})
    return limits


def difference_records(replay: Replay) -> list[DifferenceState]:
    """The differences found so far, in the order of their lines."""
    found = replay.findings.differences
    unexplained = islice((each for each in found if each.known_deviation is None), MOST_TOLD)
    known = islice((each for each in found if each.known_deviation is not None), MOST_TOLD)
    told = sorted([*unexplained, *known], key=lambda each: each.line)
    return [_record(replay, each) for each in told]


def position_of(replay: Replay, line: int) -> int:
    """How many operations are done when all of *line* are; those of earlier lines where it has none."""
    return bisect_left(replay.recording.operations, line + 1, key=lambda operation: operation.line)


def _record(replay: Replay, found: ReadDifference | VectorDifference | Difference) -> DifferenceState:
    position = position_of(replay, found.line)
    record: DifferenceState = {
        "line": found.line,
        "position": position,
        "time": replay.recording.operations[position - 1].time,
        "cpu": None,
        "recorded": None,
        "model": None,
        "why": None,
        "known_deviation": found.known_deviation,
        "text": difference_words(found),
    }
    match found:
        case ReadDifference():
            recorded, model = f"{found.recorded:#010x}", f"{found.model:#010x}"
            return {**record, "cpu": found.cpu, "recorded": recorded, "model": model}
        case VectorDifference():
            taken = None if found.model is None else f"{found.model:#04x}"
            recorded = f"{found.vector:#04x}"
            return {**record, "cpu": found.cpu, "recorded": recorded, "model": taken, "why": found.why}
        case Difference():
            return record
