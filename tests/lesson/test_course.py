"""A lesson's course follows from its file alone, and any scene's moment is there again whatever was done since."""

from app.commands.registers import WriteRegister
from app.history.record import hash_of, state
from app.lesson.attempts import attempt, judge
from app.lesson.course import course_of
from app.lesson.reading import read_lesson
from app.x86.registers import Register
from tests.lesson.lessons import LESSON


def test_each_scene_stands_behind_the_one_before_it() -> None:
    course = course_of(read_lesson(LESSON))

    first, second = course.at(0), course.at(1)

    assert course.problems == ()
    assert (first.moment, second.moment) == course.moments
    assert [hex(vector) for vector in first.machine.cpus[0].apic.irr] == ["0x41"]
    assert [hex(vector) for vector in second.machine.cpus[0].apic.isr] == ["0x71"]
    assert first.idle
    assert not second.idle


def test_the_same_file_gives_the_same_moments() -> None:
    courses = [course_of(read_lesson(LESSON)) for _ in range(2)]

    assert courses[0].moments == courses[1].moments
    assert hash_of(state(courses[0].at(1))) == hash_of(state(courses[1].at(1)))


def test_a_scene_is_there_again_whatever_was_done_since() -> None:
    course = course_of(read_lesson(LESSON))
    stood = [hash_of(state(course.at(scene))) for scene in range(2)]

    for scene in (0, 1, 0):
        course.show(scene)
        assert hash_of(state(course.timeline.simulation)) == stood[scene]
        course.timeline.apply(WriteRegister(0, Register.TPR, 0))
        course.timeline.run()
        course.show(scene)
        assert hash_of(state(course.timeline.simulation)) == stood[scene]


def test_a_course_under_another_back_end_is_another_one() -> None:
    course = course_of(read_lesson(LESSON), "vmi")

    assert course.problems == ()
    assert course.at(0).backend == "vmi"


def test_what_cannot_be_done_is_told_by_its_line() -> None:
    text = LESSON.replace('"idle"]\nselect', '"until taken(0x42)"]\nselect').replace("isr(0x71) on 0", "isr(0x72) on 0")

    course = course_of(read_lesson(text))

    assert [(one.line, one.key) for one in course.problems] == [(15, "scene 1, do 4"), (29, "scene 2, until")]
    assert all("does not come true" in one.says for one in course.problems)


def test_a_way_that_does_a_task_passes_and_others_say_why_not() -> None:
    lesson = read_lesson(LESSON)
    task = lesson.scenes[1].task
    assert task is not None

    assert attempt(lesson, 1, task.answer) == (True, "")
    assert [attempt(lesson, 1, way).says for way in task.wrong] == [
        "taken(0x41) on 0 does not come true",
        "taken(0x41) on 0 does not come true",
        "it took 2 commands, 1 at most",
        "taken(0x41) on 0 does not come true",
    ]


def test_what_may_not_come_true_fails_a_task() -> None:
    lesson = read_lesson(LESSON.replace("most = 1", "most = 3"))

    assert attempt(lesson, 1, ("ipi 1 0 41", "idle", "tpr 0 30")).says == "merged comes true, and may not"


def test_what_was_true_before_the_scene_does_no_task() -> None:
    lesson = read_lesson(LESSON.replace('goal = "taken(0x41) on 0"', 'goal = ["irr(0x41) on 0", "taken(0x41)"]'))

    assert attempt(lesson, 1, ("tpr 0 30",)).says == "irr(0x41) on 0 does not come true"


def test_each_of_several_goals_comes_true_at_its_own_time() -> None:
    lesson = read_lesson(LESSON.replace('goal = "taken(0x41) on 0"', 'goal = ["ended(0x71)", "taken(0x41)"]'))

    assert attempt(lesson, 1, ("tpr 0 30",)).passed


def test_a_session_that_somebody_else_led_is_judged_as_well() -> None:
    lesson = read_lesson(LESSON)
    course = course_of(lesson)
    task = lesson.scenes[1].task
    assert task is not None

    course.show(1)
    course.timeline.apply(WriteRegister(0, Register.TPR, 0x30))
    course.timeline.run()

    assert judge(task, course.timeline, course.moments[1]).passed


def test_only_what_was_done_from_the_scene_on_up_to_the_present_moment_counts() -> None:
    lesson = read_lesson(LESSON)
    course = course_of(lesson)
    timeline, task = course.timeline, lesson.scenes[1].task
    assert task is not None

    course.show(1)
    timeline.apply(WriteRegister(0, Register.TPR, 0x30))
    done = timeline.moment
    timeline.run()
    timeline.apply(WriteRegister(0, Register.TPR, 0))
    timeline.run()
    assert judge(task, timeline, course.moments[1]).says == "it took 2 commands, 1 at most"

    timeline.seek(*done)
    assert judge(task, timeline, course.moments[1]).says == "taken(0x41) on 0 does not come true"

    timeline.seek(time=timeline.head.time - 1)
    assert judge(task, timeline, course.moments[1]).passed


def test_whoever_acts_before_the_scene_has_left_the_lesson() -> None:
    lesson = read_lesson(LESSON)
    course = course_of(lesson)
    timeline, task = course.timeline, lesson.scenes[1].task
    assert task is not None

    course.show(0)
    assert judge(task, timeline, course.moments[1]).says == "this course does not come from the scene's moment"

    timeline.apply(WriteRegister(0, Register.TPR, 0))
    timeline.run()
    for _ in range(20):
        timeline.apply(WriteRegister(0, Register.TPR, 0))
    assert timeline.moment > course.moments[1]
    assert judge(task, timeline, course.moments[1]).says == "this course does not come from the scene's moment"
