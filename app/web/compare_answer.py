"""Computes what a question asks for. Runs in a thread: it takes seconds."""

import io
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources

from app.backends.cost_sheet_reference import cost_sheet_of
from app.compare.comparison import Comparison, Curve, Waterfall
from app.compare.curve import curve
from app.compare.measuring import compare
from app.compare.waterfall import waterfall
from app.compare.workloads import Workload, workload_of
from app.traces.census import Census, CensusTaker
from app.traces.errors import UnusableRecording
from app.traces.qemu_log import read_recording_from
from app.traces.replay import Replay
from app.traces.text import UPLOAD_LIMITS
from app.web.compare_question import Question
from app.web.compare_view import Answer
from app.web.uploads import Upload, Uploads
from app.web.works import Progress

#: The function whose IPI is drawn where the workload is not a function itself.
_USUAL_FUNCTION = "smp_call_function"
_STEPS_BETWEEN_REPORTS = 4096
_KEPT_CENSUSES = 8


class Answering:
    """Answers questions; *uploads* are the recordings that people have sent."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._censuses: dict[str, Census] = {}

    def __call__(self, question: Question, progress: Progress) -> Answer:
        """The answer. UnusableRecording names the line that is to blame."""
        comparison = compare(
            self._workload(question, progress),
            question.backends,
            question.cost_sheet,
            question.generation or None,
            lambda done, total: progress.tell("running the workload", done, total),
        )
        function = question.subject if question.kind == "function" else _USUAL_FUNCTION
        waterfalls = tuple(_waterfalls(function, question.sheet, comparison, progress))
        curves = tuple(_curves(function, question.sheet, comparison, progress)) if question.kind == "function" else ()
        return Answer(comparison, function, curves, waterfalls)

    def _workload(self, question: Question, progress: Progress) -> Workload:
        match question.kind:
            case "function":
                return workload_of(f"{question.subject}:{question.targets}")
            case "scenario":
                return workload_of(question.subject)
            case "recording":
                return self._census(question.subject, progress)

    def _census(self, key: str, progress: Progress) -> Census:
        """Each recording is read once: what it did does not hang on back ends or sheets."""
        if key not in self._censuses:
            census = _read(self._uploads.get(key) or _sample(key), progress)
            if len(self._censuses) >= _KEPT_CENSUSES:
                del self._censuses[next(iter(self._censuses))]
            self._censuses[key] = census
        return self._censuses[key]


def _sample(name: str) -> Upload:
    file = resources.files("app.traces") / "samples" / f"{name}.qemu.log.gz"
    if not file.is_file():
        raise UnusableRecording(f"{name[:40]!r} is not kept here any more; send it again")
    return Upload(name, file.name, file.read_bytes())


def _read(upload: Upload, progress: Progress) -> Census:
    size = len(upload.data)
    recording = read_recording_from(
        upload.name, io.BytesIO(upload.data), UPLOAD_LIMITS, lambda read: progress.tell("reading the log", read, size)
    )
    replay = Replay(recording)
    taker = CensusTaker(replay)
    while not replay.finished:
        taker.run(_STEPS_BETWEEN_REPORTS)
        progress.tell("replaying the log", replay.position, replay.length)
    return taker.census()


def _curves(function: str, sheet: str, comparison: Comparison, progress: Progress) -> Iterator[Curve]:
    for done, row in enumerate(comparison.rows):
        progress.tell("drawing cost against targets", done, len(comparison.rows))
        if (found := _curve(function, row.backend, sheet, row.generation)) is not None:
            yield found


def _waterfalls(function: str, sheet: str, comparison: Comparison, progress: Progress) -> Iterator[Waterfall]:
    for done, row in enumerate(comparison.rows):
        progress.tell("drawing one IPI", done, len(comparison.rows))
        if (found := _waterfall(function, row.backend, sheet, row.generation)) is not None:
            yield found


@lru_cache(128)
def _curve(function: str, backend: str, sheet: str, generation: str) -> Curve | None:
    """None when there is no such guest, or the sheet cannot price it."""
    try:
        return curve(function, backend, cost_sheet_of(sheet), generation)
    except ValueError:
        return None


@lru_cache(128)
def _waterfall(function: str, backend: str, sheet: str, generation: str) -> Waterfall | None:
    try:
        return waterfall(function, backend, cost_sheet_of(sheet), generation)
    except ValueError:
        return None
