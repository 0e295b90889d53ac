"""Whatever viewers and callers do, and in whatever order: what a viewer has is what the server has at that number."""

from typing import Any

import httpx2
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.commands.strategies import Raw, stimuli
from tests.web.serving import Server, new_session
from tests.web.viewer import Viewer

CPUS = 3
#: So many a second are allowed; whoever has asked more often comes anew.
RESYNCS = 15
WHICH = st.integers(0, 9)


class Watching(RuleBasedStateMachine):
    """Some viewers of one paused session that is driven by commands."""

    server: Server
    http: httpx2.Client

    def __init__(self) -> None:
        super().__init__()
        self.session = new_session(self.http, cpus=CPUS)
        self.viewers: list[Viewer] = []
        self.asked: dict[Viewer, int] = {}

    @rule()
    def join(self) -> None:
        viewer = Viewer(self.server.stream(self.session.id))
        viewer.__enter__()
        assert viewer.next()["type"] == "snapshot"
        self.viewers.append(viewer)

    @rule(which=WHICH)
    def drop(self, which: int) -> None:
        if self.viewers:
            self.viewers.pop(which % len(self.viewers)).__exit__(None, None, None)

    @rule(which=WHICH)
    def resync(self, which: int) -> None:
        if not self.viewers:
            return
        viewer = self.viewers[which % len(self.viewers)]
        self.asked[viewer] = self.asked.get(viewer, 0) + 1
        if self.asked[viewer] > RESYNCS:
            self.drop(which)
            return
        viewer.resync()
        while viewer.next()["type"] != "snapshot":
            pass

    @rule(raw=stimuli(CPUS))
    def stir(self, raw: Raw) -> None:
        answer = self.session.http.post(f"{self.session.path}/commands", json=raw)
        assert answer.status_code == 200, answer.text

    @rule(unit=st.sampled_from(("operation", "interrupt")), count=st.integers(1, 30))
    def step(self, unit: str, count: int) -> None:
        self.session.command("step", unit=unit, count=count)

    @rule()
    def run_for_a_while(self) -> None:
        self.session.command("run")
        self.session.command("pause")

    @rule(raw=st.fixed_dictionaries({"type": st.sampled_from(("send_ipi", "reboot")), "cpu": st.just(99)}))
    def ask_for_nonsense(self, raw: dict[str, Any]) -> None:
        assert self.session.http.post(f"{self.session.path}/commands", json=raw).status_code == 422

    @invariant()
    def every_viewer_has_the_server_s_state(self) -> None:
        for viewer in self.viewers:
            viewer.meet(self.session)

    def teardown(self) -> None:
        while self.viewers:
            self.drop(0)
        self.session.end()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_viewers_have_the_server_s_state_in_every_course_of_events(server: Server, http: httpx2.Client) -> None:
    course = type("Course", (Watching,), {"server": server, "http": http})

    run_state_machine_as_test(course, settings=settings(max_examples=8, stateful_step_count=20))
