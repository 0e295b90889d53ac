"""Every viewer gets the newest state, as a delta where that is possible; nobody gets a gap."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.session.hub import Hub
from app.state.delta import apply
from app.state.event_records import EventRecord
from tests.session.waiting import Waiting

State = Any  # any keys do
KEPT = 16  # publications a viewer may be behind and still get a delta
FRAME = 60  # events in one message


def state(time: int) -> State:
    """A state of two CPUs, one of which changes with time."""
    return {"time": time, "paused": False, "cpus": [{"cpu": 0, "irr": f"{time:064x}"}, {"cpu": 1, "irr": "0" * 64}]}


def event(number: int) -> EventRecord:
    return {
        "n": number,
        "time": 0,
        "kind": "pin",
        "cpu": None,
        "vector": None,
        "pin": None,
        "message": None,
        "text": f"{number}.",
    }


def events(first: int, last: int) -> list[EventRecord]:
    return [event(number) for number in range(first, last + 1)]


def get(hub: Hub, viewer: Waiting) -> Any:
    """The message for *viewer*, decoded; None when there is none."""
    message = hub.message_for(viewer)
    return None if message is None else json.loads(message)


def test_first_message_is_a_snapshot() -> None:
    hub = Hub()
    hub.publish(state(7), [])

    assert get(hub, Waiting()) == {
        "type": "snapshot",
        "seq": 1,
        "time": 7,
        "state": state(7),
        "events": [],
        "events_skipped": 0,
    }


def test_second_message_is_a_delta_with_what_changed() -> None:
    hub, viewer = Hub(), Waiting()
    hub.publish(state(1), [])
    get(hub, viewer)
    hub.publish(state(2), [event(1)])

    assert get(hub, viewer) == {
        "type": "delta",
        "seq": 2,
        "base": 1,
        "time": 2,
        "cpus": {"0": {"irr": f"{2:064x}"}},
        "events": [event(1)],
        "events_skipped": 0,
    }


def test_viewer_who_is_up_to_date_gets_nothing() -> None:
    hub, viewer = Hub(), Waiting()
    hub.publish(state(1), [])
    get(hub, viewer)

    assert hub.message_for(viewer) is None


def test_same_state_without_events_is_no_news() -> None:
    hub = Hub()
    assert hub.publish(state(1), [])

    assert not hub.publish(state(1), [])
    assert hub.seq == 1
    assert hub.publish(state(1), [event(1)])
    assert hub.seq == 2


def test_lagging_viewer_gets_only_the_newest_from_where_it_stands() -> None:
    hub, viewer = Hub(), Waiting()
    hub.publish(state(1), [])
    client = get(hub, viewer)["state"]
    for time in range(2, KEPT + 1):
        hub.publish(state(time), [event(time)])

    delta = get(hub, viewer)

    assert (delta["type"], delta["base"], delta["seq"]) == ("delta", 1, KEPT)
    assert [record["n"] for record in delta["events"]] == list(range(2, KEPT + 1))
    assert hub.message_for(viewer) is None
    changes = {key: value for key, value in delta.items() if key in ("time", "cpus", "paused")}
    assert apply(client, changes) == state(KEPT)


def test_viewer_who_lags_too_far_gets_a_snapshot() -> None:
    hub, viewer = Hub(), Waiting()
    hub.publish(state(1), [])
    get(hub, viewer)
    for time in range(2, KEPT + 2):
        hub.publish(state(time), [])

    message = get(hub, viewer)

    assert (message["type"], message["seq"], message["state"]) == ("snapshot", KEPT + 1, state(KEPT + 1))


def test_viewer_who_asks_again_gets_a_snapshot() -> None:
    hub, viewer = Hub(), Waiting()
    hub.publish(state(1), [])
    get(hub, viewer)
    viewer.seq = None

    assert get(hub, viewer)["type"] == "snapshot"


def test_viewers_who_stand_equally_far_share_one_encoding() -> None:
    hub, early, late = Hub(), Waiting(), Waiting()
    hub.publish(state(1), [])
    assert hub.message_for(early) is hub.message_for(late)
    hub.publish(state(2), [])

    first, second = hub.message_for(early), hub.message_for(late)

    assert first is not None
    assert first is second


def test_viewers_who_stand_differently_far_get_each_their_delta() -> None:
    hub, near, far = Hub(), Waiting(), Waiting()
    hub.publish(state(1), [])
    get(hub, far)
    hub.publish(state(2), [])
    get(hub, near)
    hub.publish(state(3), [])

    assert get(hub, near)["base"] == 2
    assert get(hub, far)["base"] == 1


def test_news_wakes_every_viewer_and_the_end_does_too() -> None:
    hub = Hub()
    hub.publish(state(1), [])
    with hub.viewing(Waiting()) as one, hub.viewing(Waiting()) as other:
        hub.message_for(one)
        hub.message_for(other)

        hub.publish(state(2), [])
        assert one.fresh.is_set()
        assert other.fresh.is_set()

        one.fresh.clear()
        hub.close(1012)
        assert one.fresh.is_set()
        assert hub.over == 1012
    assert hub.viewers == set()


def test_flood_of_events_is_cut_and_says_how_many_are_missing() -> None:
    hub, viewer = Hub(), Waiting()
    hub.publish(state(1), [])
    get(hub, viewer)
    hub.publish(state(2), events(1, 500))

    message = get(hub, viewer)

    assert [record["n"] for record in message["events"]] == list(range(501 - FRAME, 501))
    assert message["events_skipped"] == 500 - FRAME


def test_events_that_nobody_kept_count_as_skipped() -> None:
    hub, viewer = Hub(), Waiting()
    hub.publish(state(1), events(1, 3))
    get(hub, viewer)
    hub.publish(state(2), events(900, 901))

    message = get(hub, viewer)

    assert [record["n"] for record in message["events"]] == [900, 901]
    assert message["events_skipped"] == 896


def test_newcomer_gets_recent_events_and_nothing_counts_as_skipped() -> None:
    hub = Hub()
    hub.publish(state(1), events(1, 150))

    message = get(hub, Waiting())

    assert [record["n"] for record in message["events"]] == list(range(151 - FRAME, 151))
    assert message["events_skipped"] == 0


@given(st.lists(st.tuples(st.sampled_from(["publish", "0", "1", "resync 0"]), st.integers(0, 3)), max_size=80))
def test_viewers_at_any_pace_have_the_server_s_state_and_no_gap(course: list[tuple[str, int]]) -> None:
    hub, viewers = Hub(), [Waiting(), Waiting()]
    clients: list[State] = [{}, {}]
    last = [0, 0]
    number = 0
    hub.publish(state(0), [])
    for step, (what, amount) in enumerate(course, start=1):
        if what == "publish":
            hub.publish(state(step), events(number + 1, number + amount))
            number += amount
            continue
        index = int(what[-1])
        if what.startswith("resync"):
            viewers[index].seq = None
        message = get(hub, viewers[index])
        if message is None:
            continue
        if message["type"] == "snapshot":
            clients[index] = message["state"]
        else:
            changes = {key: message[key] for key in ("time", "cpus") if key in message}
            assert message["base"] == clients[index]["seq"]
            base: State = {k: v for k, v in clients[index].items() if k != "seq"}
            clients[index] = apply(base, changes)
            assert len(message["events"]) + message["events_skipped"] == number - last[index]
        last[index] = number
        assert clients[index] == hub.state
        clients[index] = clients[index] | {"seq": message["seq"]}
