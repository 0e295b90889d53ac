"""The stream, over a real socket: a viewer who applies what comes has what the server has."""

from typing import Any

import httpx2
import pytest
from websockets.exceptions import InvalidStatus

from app.web.origins import is_foreign
from tests.web.serving import Api, Server, new_session
from tests.web.viewer import Viewer, close_code, open_stream


def test_hello_comes_first_and_then_a_snapshot(server: Server, session: Api) -> None:
    with Viewer(server.stream(session.id)) as viewer:
        hello = viewer.hello
        first = viewer.next()

        assert hello.keys() == {"type", "protocol", "session", "cpus", "backend", "resume"}
        assert (hello["type"], hello["protocol"], hello["session"]) == ("hello", 1, session.id)
        assert (hello["cpus"], hello["backend"]) == (4, "native-xapic")
        name, _, seq = hello["resume"].partition(":")
        assert name == session.id
        assert first["type"] == "snapshot"
        assert first["seq"] >= int(seq) >= 1
        assert first.keys() == {"type", "seq", "time", "state", "events", "events_skipped"}


def test_subprotocol_is_agreed_on(server: Server, session: Api) -> None:
    with open_stream(server.stream(session.id)) as connection:
        assert connection.subprotocol == "apicscope.v1"


def test_deltas_lead_to_the_server_s_state(server: Server, session: Api) -> None:
    with Viewer(server.stream(session.id)) as viewer:
        viewer.meet(session)
        commands: list[tuple[str, dict[str, Any]]] = [
            ("set_interrupt_flag", {"cpu": 2, "enabled": False}),
            ("call_guest", {"cpu": 0, "function": "smp_call_function"}),
            ("step", {"count": 5}),
            ("set_backend", {"backend": "trap-emulate"}),
            ("set_interrupt_flag", {"cpu": 2, "enabled": True}),
            ("run_until_idle", {}),
        ]
        for kind, fields in commands:
            answer = session.command(kind, **fields)
            viewer.follow(answer["seq"])
            viewer.meet(session)

        assert viewer.kinds[0] == "snapshot"
        assert set(viewer.kinds[1:]) == {"delta"}


def test_deltas_of_a_running_machine_lead_to_the_state_where_it_is_paused(server: Server, session: Api) -> None:
    session.command("demonstrate", enabled=True)
    with Viewer(server.stream(session.id)) as viewer:
        session.command("run")
        viewer.follow(viewer.seq + 20)
        session.command("pause")

        state = viewer.meet(session)

        assert state["paused"] is True
        assert state["counters"]["ipis_sent"] > 0
        assert "delta" in viewer.kinds


def test_events_are_numbered_without_a_gap(server: Server, session: Api) -> None:
    with Viewer(server.stream(session.id)) as viewer:
        viewer.meet(session)
        seen = []
        for vector in (0x40, 0x50, 0x60):
            session.command("send_ipi", cpu=0, vector=vector, destination=1)
            answer = session.command("run_until_idle")
            while viewer.seq < answer["seq"]:
                message = viewer.next()
                assert message["events_skipped"] == 0
                seen += [event["n"] for event in message["events"]]

        assert seen == list(range(1, len(seen) + 1))
        assert len(seen) > 12


def test_resync_brings_a_snapshot_of_the_same_state(server: Server, session: Api) -> None:
    with Viewer(server.stream(session.id)) as viewer:
        state = viewer.meet(session, viewers=1)
        viewer.resync()

        message = viewer.next()

        assert message["type"] == "snapshot"
        assert message["state"] == state


def test_two_viewers_see_the_same_states(server: Server, session: Api) -> None:
    with Viewer(server.stream(session.id)) as one, Viewer(server.stream(session.id)) as other:
        seen: list[dict[int, object]] = [{}, {}]
        for count in range(1, 6):
            session.command("send_ipi", cpu=0, vector=0x40 + count, destination=1)
            answer = session.command("step", count=count)
            for viewer, states in zip((one, other), seen, strict=True):
                while viewer.seq < answer["seq"]:
                    viewer.next()
                    states[viewer.seq] = viewer.state

        common = seen[0].keys() & seen[1].keys()
        assert len(common) >= 5
        assert {seq: seen[0][seq] for seq in common} == {seq: seen[1][seq] for seq in common}
        one.meet(session, viewers=2)


def test_viewer_who_leaves_is_counted_out(server: Server, session: Api) -> None:
    with Viewer(server.stream(session.id)) as stays:
        with Viewer(server.stream(session.id)):
            stays.meet(session, viewers=2)
        stays.meet(session, viewers=1)


def test_end_of_the_session_closes_its_streams(server: Server, http: httpx2.Client) -> None:
    session = new_session(http)
    with Viewer(server.stream(session.id)) as one, Viewer(server.stream(session.id)) as other:
        session.end()

        assert close_code(one.connection) == 1000
        assert close_code(other.connection) == 1000


def test_unknown_session_is_said_by_the_close_code(server: Server) -> None:
    with open_stream(server.stream("NOSUCH")) as connection:
        assert close_code(connection) == 4404


FOREIGN = ["https://elsewhere.example", "null", "http://127.0.0.1", "http://[", "", "file://"]


@pytest.mark.parametrize("origin", FOREIGN)
def test_foreign_page_is_refused_before_the_upgrade(server: Server, session: Api, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refusal, open_stream(server.stream(session.id), origin=origin):
        pytest.fail("it was let in")

    assert refusal.value.response.status_code == 403


def test_own_page_is_let_in(server: Server, session: Api) -> None:
    with open_stream(server.stream(session.id), origin=server.address) as connection:
        assert connection.subprotocol == "apicscope.v1"


def test_page_whose_address_only_begins_like_ours_is_foreign(server: Server, session: Api) -> None:
    with (
        pytest.raises(InvalidStatus) as refusal,
        open_stream(server.stream(session.id), origin=f"{server.address}0"),
    ):
        pytest.fail("it was let in")

    assert refusal.value.response.status_code == 403
    assert is_foreign(["http://classroom.evil.example"], "classroom")
    assert not is_foreign(["http://classroom"], "classroom")
