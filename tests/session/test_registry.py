"""Sessions are made, found and ended; there is room for so many, and the unwatched make room first."""

from collections.abc import AsyncIterator

import pytest

from app.commands.machine import SetInterruptFlag
from app.commands.transport import Pause
from app.hw.profile import PROFILES
from app.session.drive import NotPossible
from app.session.owner import Room
from app.session.registry import File, Registry, TooManySessions, UnknownSession
from app.trace.errors import UnusableRecording
from tests.session.living import let_it_live, until
from tests.session.waiting import Waiting
from tests.there import there

pytestmark = pytest.mark.anyio


@pytest.fixture
async def registry() -> AsyncIterator[Registry]:
    """Room for three sessions, one of them the default."""
    made = Registry(room=Room(3, 1 << 30))
    await made.start()
    yield made
    await made.stop(1012)


async def test_default_session_is_open_and_does_something(registry: Registry) -> None:
    default = registry.default()

    assert registry.all() == [default]
    assert default.state()["demonstration"] is True
    assert default.state()["paused"] is False
    assert default.cpu_count == 4


async def test_first_visitor_finds_one_interrupt_in_service_and_another_that_waits_for_it(registry: Registry) -> None:
    default = registry.default()
    await let_it_live()  # nobody has come yet, and time stands still

    found = default.state()
    await until(default, lambda state: state["tick"] > found["tick"])

    (cpu,) = [cpu for cpu in found["cpus"] if cpu["why"]]
    assert cpu["in_service"]
    assert [waiting["gate"] for waiting in cpu["why"]] == ["priority"]
    assert (found["caption"]["kind"], found["caption"]["cpu"]) == ("barred", cpu["cpu"])
    assert found["sleep"] is default.state()["sleep"] is None


async def test_session_is_found_by_its_id(registry: Registry) -> None:
    made = registry.create(cpus=2, backend="vmi", paused=True)

    assert registry.get(made.id) is made
    assert made.cpu_count == 2
    assert made.state()["backend"] == "vmi"
    assert made.state()["paused"] is True


@pytest.mark.parametrize("profile", PROFILES)
async def test_session_has_the_machine_of_its_profile(registry: Registry, profile: str) -> None:
    made = registry.create(cpus=2, profile=profile)

    assert made.drive.machine.profile is PROFILES[profile]
    assert made.state()["profile"] == profile


async def test_session_without_wishes_has_the_manuals_machine(registry: Registry) -> None:
    assert registry.create().state()["profile"] == "intel-sdm"
    assert registry.default().state()["profile"] == "intel-sdm"


async def test_title_names_a_profile_that_was_chosen(registry: Registry) -> None:
    assert registry.create(cpus=1).title == "1 CPU"
    assert registry.create(cpus=2, profile="kvm").title == "2 CPUs, kvm"


@pytest.mark.parametrize("wish", [{"profile": "pentium"}, {"backend": "teleport"}], ids=["profile", "backend"])
async def test_session_of_what_is_unknown_is_not_made_and_takes_no_room(
    registry: Registry, wish: dict[str, str]
) -> None:
    (name,) = wish.values()

    with pytest.raises(KeyError, match=name):
        registry.create(cpus=1, **wish)  # type: ignore[arg-type]  # a name or the other

    assert registry.all() == [registry.default()]


async def test_session_that_has_ended_is_unknown(registry: Registry) -> None:
    made = registry.create()

    await registry.end(made.id)

    assert made.hub.over == 1000
    with pytest.raises(UnknownSession):
        registry.get(made.id)
    with pytest.raises(UnknownSession):
        await registry.end(made.id)


async def test_default_session_begins_anew_when_ended(registry: Registry) -> None:
    old = registry.default()

    await registry.end(old.id)

    assert registry.default() is not old
    assert registry.all() == [registry.default()]


async def test_over_the_limit_the_session_untouched_for_longest_goes(registry: Registry) -> None:
    one, other = registry.create(), registry.create()
    await one.submit(Pause())

    made = registry.create()

    assert registry.all() == [registry.default(), one, made]
    assert other.hub.over == 1000
    with pytest.raises(NotPossible):
        await other.submit(SetInterruptFlag(0, False))


async def test_watched_session_stays_and_another_goes(registry: Registry) -> None:
    oldest, other = registry.create(), registry.create()
    with oldest.hub.viewing(Waiting()):
        made = registry.create()

    assert registry.all() == [registry.default(), oldest, made]
    assert other.hub.over == 1000


async def test_default_session_never_makes_room(registry: Registry) -> None:
    for _ in range(5):
        registry.create()

    assert registry.default() in registry.all()
    assert len(registry.all()) == 3


async def test_no_room_when_all_are_watched(registry: Registry) -> None:
    one, other = registry.create(), registry.create()
    with one.hub.viewing(Waiting()), other.hub.viewing(Waiting()), pytest.raises(TooManySessions, match="3 sessions"):
        registry.create()

    assert registry.all() == [registry.default(), one, other]


async def test_stop_ends_everything_with_its_code() -> None:
    registry = Registry()
    await registry.start()
    sessions = [registry.default(), registry.create()]

    await registry.stop(1012)

    assert [session.hub.over for session in sessions] == [1012, 1012]
    assert registry.all() == []


async def test_what_is_no_recording_is_refused_and_takes_no_room(registry: Registry) -> None:
    with pytest.raises(UnusableRecording):
        await registry.open_recording(File("notes.txt", b"this is no log\n", "somebody"))
    with pytest.raises(UnusableRecording):
        await registry.open_sample("no-such-sample")

    assert len(registry.all()) == 1


async def test_sample_opens_as_a_session_that_plays(registry: Registry) -> None:
    (name, title) = registry.samples()[0]
    session = await registry.open_sample(name)

    recording = there(session.state()["recording"])
    assert title
    assert recording["length"] > 1000
    assert session.state()["profile"] == "intel-sdm"
    assert recording["finished"] is False
    with pytest.raises(NotPossible, match="recording"):
        await session.submit(SetInterruptFlag(0, False))
