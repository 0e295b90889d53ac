"""Whether a way to do a task does it: the course behind the scene's moment is looked at tick by tick."""

from contextlib import closing
from typing import NamedTuple

from app.breakpoints.condition import Condition
from app.breakpoints.lookout import Lookout
from app.engine.journal import Moment
from app.history.timeline import Timeline
from app.lesson.course import LESSON_BRANCH, course_of
from app.lesson.lesson import Lesson, Task
from app.lesson.playing import UnusableLine, play

#: So many operations time goes on after the last line.
_OPERATIONS_AFTER = 2_000


class Verdict(NamedTuple):
    """Whether a task has been done; *says* is why not."""

    passed: bool
    says: str = ""


def attempt(lesson: Lesson, scene: int, lines: tuple[str, ...], backend: str | None = None) -> Verdict:
    """What comes of doing *lines* at the moment of a scene, which has a task, and of letting time go on."""
    task = lesson.scenes[scene].task
    assert task is not None, "the scene has no task"
    course = course_of(lesson, backend, scene + 1)
    timeline, begins = course.timeline, course.moments[scene]
    for line in lines:
        try:
            play(line, timeline)
        except UnusableLine as unusable:
            return Verdict(False, str(unusable))
    timeline.run(operations=_OPERATIONS_AFTER, until_idle=True)
    return judge(task, timeline, begins)


def judge(task: Task, timeline: Timeline, begins: Moment) -> Verdict:
    """Whether what was done on the way from a scene's moment, *begins*, to the present one of *timeline* does *task*.
    Whoever went back further and acted there has left the lesson."""
    if timeline.moment < begins or timeline.branch.owner(begins.tick).number != LESSON_BRANCH:
        return Verdict(False, "this course does not come from the scene's moment")
    commands = sum(begins.tick <= entry.tick < timeline.moment.tick for entry in timeline.journal())
    true = _come_true([*task.goals, *([task.without] if task.without else [])], timeline, begins)
    missing = [goal.text for goal in task.goals if goal not in true]
    if missing:
        return Verdict(False, f"{missing[0]} does not come true")
    if task.without in true:
        assert task.without is not None
        return Verdict(False, f"{task.without.text} comes true, and may not")
    if task.most is not None and commands > task.most:
        return Verdict(False, f"it took {commands} commands, {task.most} at most")
    return Verdict(True)


def _come_true(conditions: list[Condition], timeline: Timeline, begins: Moment) -> set[Condition]:
    """Those of *conditions* that come true behind *begins*."""
    true: set[Condition] = set()
    head = timeline.moment.tick
    with closing(timeline.past().watch(begins.tick)) as watch:
        while watch.ticks < begins.tick and watch.tick() is not None:
            pass
        lookouts = [(one, Lookout(one, watch.here(), {})) for one in conditions]
        while watch.ticks < head and (seen := watch.tick()) is not None:
            true |= {one for one, lookout in lookouts if lookout.comes_true(seen)}
    return true
