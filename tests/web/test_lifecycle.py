"""How the program starts and stops, and what it tells those who are connected."""

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.web.serving import new_session, running_server
from tests.web.test_stalled_viewer import stalled_viewer
from tests.web.viewer import Viewer, close_code


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_with_viewers_connected_is_clean_and_says_so(number: signal.Signals) -> None:
    with running_server() as server, server.client() as http, ExitStack() as stack:
        session = new_session(http, paused=False)
        session.command("demonstrate", enabled=True)
        viewers = [stack.enter_context(Viewer(server.stream(session.id))) for _ in range(3)]
        for viewer in viewers:
            viewer.follow(1)

        server.process.send_signal(number)

        assert server.process.wait(30) == 0
        assert [close_code(viewer.connection) for viewer in viewers] == [1012] * 3


@pytest.mark.slow
def test_viewer_who_does_not_read_does_not_hold_up_the_stop() -> None:
    with running_server() as server, server.client() as http:
        session = new_session(http, cpus=32, paused=False)
        session.command("demonstrate", enabled=True)
        with stalled_viewer(server, session), Viewer(server.stream(session.id)) as viewer:
            viewer.follow(30)

            server.process.send_signal(signal.SIGTERM)

            assert server.process.wait(30) == 0


@pytest.mark.slow
def test_long_command_does_not_hold_up_the_stop() -> None:
    with running_server() as server, server.client() as http:
        session = new_session(http)
        session.command("raise_pin", pin=16)  # the line stays up: never idle
        with Viewer(server.stream(session.id)) as viewer, server.client() as other, ExitStack() as stack:
            viewer.meet(session, viewers=1)
            pool = stack.enter_context(ThreadPoolExecutor())
            pool.submit(other.post, f"{session.path}/commands", json={"type": "run_until_idle", "limit": 100_000_000})
            viewer.follow(viewer.seq + 2)

            server.process.send_signal(signal.SIGTERM)

            assert server.process.wait(30) == 0
