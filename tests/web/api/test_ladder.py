"""The gate ladder over a real socket: now and at any tick, with addresses of its rules."""

import pytest

from tests.web.api.test_history import get
from tests.web.api.test_sessions import fields, problem
from tests.web.serving import Api


@pytest.fixture
def held(session: Api) -> Api:
    """A session whose CPU 1 has 0x61 requested while somebody holds its interrupts off."""
    session.command("set_interrupt_flag", cpu=1, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x61", destination=1)
    session.command("run_until_idle")
    return session


def test_vector_that_waits_is_told_in_the_words_of_the_caption(held: Api) -> None:
    found = get(held, "ladder", cpu=1, vector=0x61)

    assert found["caption"] == held.state()["caption"]
    assert [gate["gate"] for gate in found["gates"] if gate["state"] == "barred"] == ["flag"]


def test_rule_of_a_gate_can_be_read_where_it_leads_to(held: Api) -> None:
    gates = get(held, "ladder", cpu=1, vector=0x61)["gates"]

    [href] = [gate["rule"]["href"] for gate in gates if gate["gate"] == "priority"]

    path, _, anchor = href.partition("#")
    assert f'id="{anchor}"' in held.http.get(path).text


def test_past_moment_has_the_ladder_that_it_had(held: Api) -> None:
    tick = held.state()["tick"]
    held.command("set_interrupt_flag", cpu=1, enabled=True)
    held.command("run_until_idle")

    assert get(held, "ladder", cpu=1, vector=0x61)["status"] == "asked_about"
    assert get(held, "ladder", cpu=1, vector=0x61, tick=tick)["status"] == "requested"
    assert get(held, "ladder", cpu=1, vector=0x61, tick=tick, branch=0)["status"] == "requested"


def test_local_source_is_named_as_the_state_names_it(held: Api) -> None:
    assert get(held, "ladder", cpu=0, source="lint1")["way"] == "source"
    answer = held.http.get(f"{held.path}/ladder", params={"cpu": 0, "source": "keyboard"})
    assert fields(answer) == ["source"]


@pytest.mark.parametrize(
    "asked", [{}, {"cpu": 1}, {"vector": 5}, {"pin": 1, "message": 2}, {"cpu": 1, "vector": 5, "code": 1}]
)
def test_what_selects_nothing_or_two_things_is_refused(held: Api, asked: dict[str, int]) -> None:
    answer = held.http.get(f"{held.path}/ladder", params=asked)

    assert problem(answer, 422)["title"] == "That selects nothing"


def test_vector_can_be_written_as_commands_write_it(held: Api) -> None:
    assert get(held, "ladder", cpu="0x1", vector="0x61") == get(held, "ladder", cpu=1, vector=97)


def test_refusal_names_each_field(held: Api) -> None:
    two = held.http.get(f"{held.path}/ladder", params={"pin": 1, "message": 2})
    alone = held.http.get(f"{held.path}/ladder", params={"vector": 5})
    outside = held.http.get(f"{held.path}/ladder", params={"cpu": 1, "vector": "0x161"})

    assert problem(two, 422)["detail"] == "Only one of pin, message may be there"
    assert fields(two) == ["pin", "message"]
    assert fields(alone) == ["cpu"]
    assert problem(outside, 422)["title"] == "The query does not fit"


def test_what_is_not_there_is_told_so(held: Api) -> None:
    answer = held.http.get(f"{held.path}/ladder", params={"message": 12345})

    assert problem(answer, 409)["detail"] == "Message 12345 is not under way"
