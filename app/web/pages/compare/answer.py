"""Has what a question asks for computed, by the workshop."""

from dataclasses import replace

from app.measure.answer import Answer, answer, curves_of
from app.session import jobs
from app.session.registry import sample_file
from app.session.workshop import Workshop
from app.trace.check.census import Census
from app.trace.errors import UnusableRecording
from app.web.pages.compare.question import UPLOADED, Question
from app.web.uploads import Uploads
from app.web.works import Progress, Works


class Answering:
    """Answers questions; *uploads* are the recordings that people have sent."""

    def __init__(self, uploads: Uploads, workshop: Workshop) -> None:
        self._uploads = uploads
        self._workshop = workshop
        #: Each recording is read once: what it did does not hang on back ends or sheets.
        self._censuses: Works[str, Census] = Works(self._census, kept=8)

    async def __call__(self, question: Question, progress: Progress, visitor: str) -> Answer:
        """The answer; *progress* has it without its curves as soon as the numbers are there. UnusableRecording names
        the line that is to blame."""
        workload = await self._workload(question, progress, visitor)
        function = question.subject if question.kind == "function" else None
        asked = (workload, function, question.backends, question.sheet, question.generation)
        found: Answer = await self._workshop.do(answer, *asked, visitor=visitor, tell=progress.tell)
        if not found.awaited:
            return found
        progress.so_far = found
        guests = [(row.backend, row.generation) for row in found.comparison.rows]
        curves = await self._workshop.do(
            curves_of, found.function, question.sheet, guests, visitor=visitor, tell=progress.tell
        )
        return replace(found, curves=curves, awaited=False)

    def stop(self) -> None:
        """Ends what is under way."""
        self._censuses.stop()

    async def _workload(self, question: Question, progress: Progress, visitor: str) -> str | Census:
        match question.kind:
            case "function":
                return f"{question.subject}:{question.targets}"
            case "scenario":
                return question.subject
            case "recording":
                return await self._censuses.finished(question.subject, visitor, progress)

    async def _census(self, key: str, progress: Progress, visitor: str) -> Census:
        upload = self._uploads.get(key)
        if upload is None and key.startswith(UPLOADED):
            raise UnusableRecording(f"{key[:40]!r} is not kept here any more; send it again")
        file = (upload.name, upload.data) if upload else sample_file(key, visitor)[:2]
        counted: Census = await self._workshop.do(jobs.census, *file, visitor=visitor, tell=progress.tell)
        return counted
