"""Commands as lines over a real socket: read, completed, foreseen, and done as they were read."""

import gzip

import httpx2
import pytest

from tests.web.api.test_score import RECORDING
from tests.web.api.test_sessions import fields, problem
from tests.web.serving import Api


def line(session: Api, text: str, **more: object) -> dict[str, object]:
    answer = session.http.post(f"{session.path}/line", json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_line_is_the_command_that_it_says_and_changes_nothing(session: Api) -> None:
    before = session.state()

    found = line(session, "ipi 0 2 61")

    assert found["problem"] is None
    assert found["preview"] == {
        "receivers": [2],
        "merges": [],
        "sentences": ["Will reach CPU 2."],
        "icr": "0x0200000000004061",
    }
    assert session.state()["tick"] == before["tick"]
    sent = session.http.post(f"{session.path}/commands", json=found["command"])
    assert sent.status_code == 200


def test_number_that_scripts_cannot_hold_is_a_text_and_done_to_its_last_bit(session: Api) -> None:
    found = line(session, "entry 16 010000000001c0b1")

    assert found["command"] == {"type": "configure_pin", "pin": 16, "entry": "0x10000000001c0b1"}
    assert session.http.post(f"{session.path}/commands", json=found["command"]).status_code == 200
    assert int(session.state()["ioapic"]["pins"][16]["redirection"], 16) == 0x0100_0000_0001_80B1


def test_line_that_is_wrong_says_where(session: Api) -> None:
    found = line(session, "ipi 9 2 61")

    assert found["command"] is None
    assert found["problem"] == {"from": 4, "to": 5, "says": "there is no CPU 9; this machine has 0 to 3"}


def test_half_written_line_is_no_problem_and_is_offered_more(session: Api) -> None:
    found = line(session, "pin 16 u", caret=8)

    assert (found["command"], found["problem"], found["preview"]) == (None, None, None)
    assert found["completions"] == [{"text": "up", "says": "raises it"}]
    assert found["replaces"] == {"from": 7, "to": 8}
    assert found["syntax"] == "pin PIN up · pin PIN down"


def test_what_the_session_refuses_is_told_at_its_word(session: Api) -> None:
    found = line(session, "backend kvm-pv")

    assert found["command"] is None
    problem_found = found["problem"]
    assert isinstance(problem_found, dict)
    assert (problem_found["from"], problem_found["to"]) == (0, 14)
    assert problem_found["says"].startswith("kvm-pv: ")


def test_dot_is_the_cpu_that_the_writer_has_selected(session: Api) -> None:
    command = line(session, "if . off", selected=3)["command"]

    assert command == {"type": "set_interrupt_flag", "cpu": 3, "enabled": False}


def test_recording_takes_no_line_that_stirs_it(http: httpx2.Client) -> None:
    opened = http.post("/api/v1/recordings?name=reset.qemu.log", content=gzip.decompress(RECORDING.read_bytes()))
    recorded = Api(http, opened.json()["session"])

    found = line(recorded, "pin 16 up")

    assert found["command"] is None
    assert "follows a recording" in str(found["problem"])
    assert line(recorded, "run")["command"] == {"type": "run"}


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "text"), ({"text": "a" * 2_401}, "text"), ({"text": "", "caret": -1}, "caret"), ({"text": "", "x": 1}, "x")],
)
def test_body_that_does_not_fit_is_refused_by_field(session: Api, body: dict[str, object], field: str) -> None:
    answer = session.http.post(f"{session.path}/line", json=body)

    assert problem(answer, 422)["title"] == "The body does not fit"
    assert fields(answer) == [field]


def test_no_session_is_no_line(session: Api) -> None:
    assert session.http.post("/api/v1/sessions/none/line", json={"text": ""}).status_code == 404
