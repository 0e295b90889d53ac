"""The course of a lesson: one journal that passes the moment of every scene, and follows from its file alone."""

from typing import NamedTuple

from app.engine.journal import Moment
from app.engine.simulation import Simulation
from app.history.timeline import Timeline
from app.lesson.lesson import Lesson, Problem
from app.lesson.playing import MOST_TICKS, UnusableLine, goes_to, play
from app.lesson.toml_places import Path

#: Who does what a lesson does.
PRESENTER = "lesson"
#: The branch of all scenes, by its number: the first.
LESSON_BRANCH = 0


class Course(NamedTuple):
    """*timeline* stands at the moment of the last scene; *moments* are those of all scenes, all in its first branch.
    *problems* say what could not be done on the way."""

    timeline: Timeline
    moments: tuple[Moment, ...]
    problems: tuple[Problem, ...] = ()

    def show(self, scene: int) -> Moment:
        """Makes the moment of a scene, by its number from 0, the present one, whatever was done since."""
        return self.timeline.seek(*self.moments[scene], branch=LESSON_BRANCH)

    def at(self, scene: int) -> Simulation:
        """A simulation of its own at the moment of a scene."""
        return self.timeline.at(*self.moments[scene], branch=LESSON_BRANCH)


def course_of(lesson: Lesson, backend: str | None = None, scenes: int | None = None) -> Course:
    """The course of *lesson* under its own back end or another one, of its first *scenes* or of all."""
    timeline = Timeline(Simulation(*lesson.machine.beginning(backend)))
    moments: list[Moment] = []
    problems: list[Problem] = []
    for number, scene in enumerate(lesson.scenes[:scenes]):
        for place, line in enumerate(scene.do):
            _play(lesson, timeline, line, ("scene", number, "do", place), problems)
        if scene.until is not None and not goes_to(timeline, scene.until):
            says = f"{scene.until.text} does not come true within {MOST_TICKS:,} ticks"
            problems.append(lesson.problem(("scene", number, "until"), says))
        moments.append(timeline.moment)
    return Course(timeline, tuple(moments), tuple(problems))


def _play(lesson: Lesson, timeline: Timeline, line: str, path: Path, problems: list[Problem]) -> None:
    try:
        play(line, timeline, PRESENTER)
    except UnusableLine as unusable:
        problems.append(lesson.problem(path, str(unusable)))
