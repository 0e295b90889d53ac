"""Whoever sends a file may ask how far it is, by a name given when it was sent."""

import gzip
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import httpx2
import pytest

from tests.web.serving import Server

UNDER_WAY = "/api/v1/under-way/"


@cache
def slow() -> bytes:
    """Takes seconds to be read, and is refused in the end."""
    return gzip.compress(b"ioapic_set_irq vector: 1 level: 1\n" * 900_000 + b"cut \0")


def send(server: Server, name: str) -> int:
    with server.client() as http:
        return http.post("/api/v1/recordings", params={"progress": name}, content=slow()).status_code


@pytest.mark.slow
def test_progress_is_told_while_a_file_is_read_and_gone_afterwards(server: Server, http: httpx2.Client) -> None:
    told = []
    with ThreadPoolExecutor(1) as senders:
        sent = senders.submit(send, server, "mine")
        while not sent.done():
            answer = http.get(f"{UNDER_WAY}mine")
            if answer.status_code == 200:
                told.append(answer.json())
            time.sleep(0.02)

    assert sent.result() == 415
    reading = [each for each in told if each["stage"] == "reading the log"]
    assert reading
    assert all(0 < each["done"] <= each["total"] == len(slow()) for each in reading)
    assert http.get(f"{UNDER_WAY}mine").status_code == 404


@pytest.mark.slow
def test_name_is_for_one_request_at_a_time(server: Server, http: httpx2.Client) -> None:
    with ThreadPoolExecutor(1) as senders:
        sent = senders.submit(send, server, "same")
        while http.get(f"{UNDER_WAY}same").status_code != 200:
            assert not sent.done()
        second = http.post("/api/v1/recordings", params={"progress": "same"}, content=b"x")
        assert second.status_code == 409
        assert http.get(f"{UNDER_WAY}same").status_code == 200, "the first goes on"
        assert sent.result() == 415


@pytest.mark.parametrize("name", ["a" * 65, "a b", "%C3%BC"])
def test_name_is_letters_digits_and_hyphens(http: httpx2.Client, name: str) -> None:
    assert http.get(f"{UNDER_WAY}{name}").status_code == 422
    assert http.post(f"/api/v1/recordings?progress={name}", content=b"x").status_code == 422
