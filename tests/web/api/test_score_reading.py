"""Spans explained and findings over a real socket, of sessions, recordings and the machines of a pair."""

from typing import Any

import httpx2
import pytest

from app.score.findings import FINDING_KINDS
from tests.web.serving import Api, bearer

Json = dict[str, Any]


def ask(session: Api, what: str, **query: Any) -> Json:
    answer = session.http.get(f"{session.path}/score{what}", params=query)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


def span(session: Api, kind: str, **fields: Any) -> int:
    """The id of the first span of that kind with these fields."""
    columns = ask(session, "", limit=20_000)["spans"]
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    found = [row for row in rows if row["kind"] == kind and all(row[name] == fields[name] for name in fields)]
    return int(found[0]["id"])


@pytest.fixture
def held(session: Api) -> Api:
    """A session in which an IPI has waited 5,000 cycles for a person, and was taken."""
    session.command("set_interrupt_flag", cpu=1, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x51", destination=1)
    session.command("run_until_idle")
    session.command("set_interrupt_flag", cpu=1, enabled=True)
    session.command("run_until_idle")
    return session


def test_span_is_explained_with_its_whole_interrupt(held: Api) -> None:
    number = span(held, "handler", lane=1)

    told = ask(held, f"/spans/{number}")

    assert told["span"]["id"] == number
    assert told["words"].startswith("CPU 1 runs ")
    assert number in told["interrupt"]["ids"]
    words = [step["words"] for step in told["interrupt"]["steps"]]
    assert words[0] == "CPU 0 begins apic_icr_write()."
    assert words[-1].startswith("CPU 1 returns from ")
    assert told["next"] is told["previous"] is None


def test_pieces_of_a_wait_cover_it(held: Api) -> None:
    told = ask(held, f"/spans/{span(held, 'requested', lane=1)}")
    start, end = told["span"]["start"], told["span"]["end"]

    assert [piece["to"] for piece in told["waits"][:-1]] == [piece["from"] for piece in told["waits"][1:]]
    if end > start:
        assert (told["waits"][0]["from"], told["waits"][-1]["to"]) == (start, end)
        assert told["waits"][0]["gate"] == "flag"


def test_wait_that_goes_on_says_who_holds_it(session: Api) -> None:
    session.command("set_interrupt_flag", cpu=1, enabled=False)
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("run_until_idle")

    (wait,) = ask(session, f"/spans/{span(session, 'requested', lane=1)}")["waits"]
    (finding,) = ask(session, "/findings")["findings"]

    assert (wait["to"], wait["gate"], wait["words"]) == (
        None,
        "flag",
        "interrupts are held off by hand, though IF is 1",
    )
    assert finding["kind"] == "live_lock"
    assert finding["span"] == span(session, "closed", lane=1, name="held")


def test_quiet_session_has_no_findings_and_every_kind_is_told(held: Api) -> None:
    told = ask(held, "/findings")

    assert told == {"findings": [], "kinds": {kind.name: kind.words for kind in FINDING_KINDS}}
    assert held.http.get("/api/v1/vocabulary").json()["findings"] == told["kinds"]


@pytest.mark.parametrize("what", ["/spans/1?branch=7", "/findings?branch=7"])
def test_branch_that_is_not_there_is_refused(session: Api, what: str) -> None:
    assert session.http.get(f"{session.path}/score{what}").status_code == 409


def test_span_that_is_not_there_is_not_found(session: Api) -> None:
    assert session.http.get(f"{session.path}/score/spans/99999").status_code == 404


def test_stretch_that_ends_before_it_begins_is_refused_by_both_names(session: Api) -> None:
    answer = session.http.get(f"{session.path}/score?from=10&to=5")

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == ["from", "to"]


def test_linked_moment_tells_what_was_open_then(session: Api) -> None:
    session.command("set_interrupt_flag", cpu=1, enabled=False)
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("run_until_idle")
    number = span(session, "requested", lane=1)
    moment = f"/api/v1/moments/{session.http.post(f'{session.path}/moments').json()['id']}/score"
    then, wrong = ask(session, f"/spans/{number}"), ask(session, "/findings")["findings"]
    session.command("set_interrupt_flag", cpu=1, enabled=True)
    session.command("run_until_idle")

    told = session.http.get(f"{moment}/spans/{number}").json()

    assert wrong
    assert ask(session, "/findings")["findings"] == []
    assert session.http.get(f"{moment}/findings").json()["findings"] == wrong
    assert ask(session, f"/spans/{number}")["span"]["end"] is not None
    assert told["span"]["end"] is None
    assert told == then
    later = span(session, "in_service", lane=1)
    assert session.http.get(f"{moment}/spans/{later}").status_code == 404


def test_machines_of_a_pair_are_read_too(http: httpx2.Client) -> None:
    pair = {"a": {"backend": "native-xapic"}, "b": {"backend": "vmi"}, "cpus": 2}
    made = http.post("/api/v1/pairs", json=pair).json()
    path = f"/api/v1/pairs/{made['id']}"
    http.post(f"{path}/commands", json={"type": "call_guest", "cpu": 0, "function": "smp_call_function"})
    for side in "ab":
        spans: Json = {"id": []}
        while not spans["id"]:
            spans = http.get(f"{path}/{side}/score").json()["spans"]
        told = http.get(f"{path}/{side}/score/spans/{spans['id'][0]}").json()
        assert told["interrupt"]["ids"]
        assert told["waits"] == []
        assert http.get(f"{path}/{side}/score/findings").json()["findings"] == []
    http.delete(path, headers=bearer(made["key"]))
