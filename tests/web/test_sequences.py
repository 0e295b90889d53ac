"""The same sequences through the HTTP interface: a write that did nothing is not answered as if it had."""

from typing import Any

import httpx2

from tests.state.test_sequences import every_case, play
from tests.web.serving import new_session


@every_case
def test_answers_are_as_true_as_the_events(http: httpx2.Client, case: dict[str, Any]) -> None:
    session = new_session(http, **case["machine"])
    answers = []
    for given in case["do"]:
        command = dict(given)
        then = command.pop("then", "idle")
        answers.append(session.command(command.pop("type"), **command))
        if then == "idle":
            session.command("run_until_idle")
    session.end()

    for answer in answers:
        if "ignored" in answer:
            assert "was written" not in answer["text"]
            assert answer["ignored"] in answer["text"]
    events, _ = play(case)
    assert any("ignored" in answer for answer in answers) == any("ignored" in text for text in events)
