"""A request that is sent again under its Idempotency-Key is done once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.web.serving import Api, Server, bearer

SEND = {"type": "send_ipi", "cpu": 0, "vector": "0x51", "destination": 1}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def test_command_sent_twice_under_one_key_is_applied_once(session: Api) -> None:
    path = f"{session.path}/commands"
    first, again = (session.http.post(path, json=SEND, headers=keyed("lecture 3, click 1")) for _ in range(2))
    other = session.http.post(path, json=SEND, headers=keyed("lecture 3, click 2"))

    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert other.json()["command"] == 2
    assert len(session.state()["cpus"][0]["queued"]) == 2


def test_key_of_another_command_is_refused(session: Api) -> None:
    path = f"{session.path}/commands"
    session.http.post(path, json=SEND, headers=keyed("k"))

    refused = session.http.post(path, json=SEND | {"vector": "0x52"}, headers=keyed("k"))

    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["Idempotency-Key"]
    assert len(session.state()["cpus"][0]["queued"]) == 1


def test_refused_command_may_be_mended_under_its_key(session: Api) -> None:
    path = f"{session.path}/commands"

    assert session.http.post(path, json=SEND | {"cpu": 9}, headers=keyed("k")).status_code == 422
    assert session.http.post(path, json=SEND, headers=keyed("k")).status_code == 200


def test_twenty_at_once_under_one_key_are_one(server: Server, session: Api) -> None:
    def send(_: int) -> dict[str, Any]:
        with server.client() as http:
            answer: dict[str, Any] = http.post(f"{session.path}/commands", json=SEND, headers=keyed("k")).json()
            return answer

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, range(20)))

    assert all(answer == answers[0] for answer in answers)
    assert len(session.state()["cpus"][0]["queued"]) == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [("sessions", {"paused": True, "cpus": 2}), ("pairs", {"a": {"backend": "vmi"}, "b": {"backend": "vmi"}})],
)
def test_making_it_twice_under_one_key_makes_one(http: httpx2.Client, kind: str, body: dict[str, Any]) -> None:
    key = keyed(str(uuid4()))
    first, again = (http.post(f"/api/v1/{kind}", json=body, headers=key) for _ in range(2))
    refused = http.post(f"/api/v1/{kind}", json=body | {"cpus": 3}, headers=key)

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.headers["location"] == again.headers["location"]
    assert refused.status_code == 422
    assert http.delete(first.headers["location"], headers=bearer(first.json()["key"])).status_code == 204


def test_stimulus_sent_twice_under_one_key_is_given_once(http: httpx2.Client) -> None:
    made = http.post("/api/v1/pairs", json={"a": {"backend": "vmi"}, "b": {"backend": "vmi"}}).json()
    for _ in range(2):
        http.post(made["links"]["commands"], json=[SEND], headers=keyed("k"))

    assert http.get(f"/api/v1/pairs/{made['id']}").json()["stimuli"] == 1


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_key_that_is_none_is_refused(session: Api, key: str) -> None:
    assert session.http.post(f"{session.path}/commands", json=SEND, headers=keyed(key)).status_code == 422
