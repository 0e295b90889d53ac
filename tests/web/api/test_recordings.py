"""A recording that is sent becomes a session; what cannot be read becomes nothing at all."""

import gzip
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.web.serving import ROOT, bearer

SAMPLE = (ROOT / "app/trace/samples/linux-6.1-boot-4cpu.qemu.log.gz").read_bytes()
LOG = b"ioapic_set_irq vector: 1 level: 1\n"
CUT = LOG + b"ioapic_set_irq vector: 1\n"
PATH = "/api/v1/recordings"

Sent = Callable[[httpx2.Client, str, bytes], httpx2.Response]


def by_api(http: httpx2.Client, name: str, data: bytes) -> httpx2.Response:
    return http.post(PATH, params={"name": name}, content=data)


def by_page(http: httpx2.Client, name: str, data: bytes) -> httpx2.Response:
    session = http.get("/api/v1/sessions").json()[0]["id"]
    return http.post(
        f"/s/{session}/recordings",
        files={"recording": (name, data)},
        headers={"Accept": "text/html"},
        follow_redirects=False,
    )


def by_pair(http: httpx2.Client, name: str, data: bytes) -> httpx2.Response:
    form = {"a": "native-xapic", "b": "vmi", "start": "upload"}
    return http.post(
        "/ab", data=form, files={"recording": (name, data)}, headers={"Accept": "text/html"}, follow_redirects=False
    )


def listed(http: httpx2.Client) -> list[tuple[str, str]]:
    """Everything that anybody could open."""
    return [(kind, each["title"]) for kind in ("sessions", "pairs") for each in http.get(f"/api/v1/{kind}").json()]


def test_recording_becomes_a_session_that_plays_it(http: httpx2.Client) -> None:
    answer = by_api(http, "boot.log.gz", SAMPLE)

    assert answer.status_code == 201
    body: dict[str, Any] = answer.json()
    assert body["format"] == "qemu"
    assert body["limits"] == []
    assert answer.headers["location"] == f"/api/v1/sessions/{body['session']}"
    state = http.get(body["links"]["state"]).json()
    assert (state["recording"]["name"], len(state["cpus"])) == ("boot.log.gz", 4)
    assert http.get(body["links"]["page"], headers={"Accept": "text/html"}).status_code == 200
    http.delete(f"/api/v1/sessions/{body['session']}", headers=bearer(body["key"]))


UNREADABLE = [
    (b"", 422, "the file is empty"),
    (b"PERFILE2 and more\0", 415, "the file is perf.data"),
    (b"\1\2\0", 415, "this is not text"),
    (b"\x7fELF", 415, "an ELF program or library"),
    (b"PK\x03\x04", 415, "a zip archive; unpack it first"),
    (CUT, 422, "line 2: this looks like a line of the log, but it is cut or damaged"),
    (gzip.compress(LOG)[:40], 422, "the gzip data is cut off"),
    (b"calls 17\n", 422, "none of its 1 lines is a line of a QEMU log"),
]


@pytest.mark.parametrize(("data", "status", "said"), UNREADABLE, ids=[said[:20] for *_, said in UNREADABLE])
@pytest.mark.parametrize("send", [by_api, by_page, by_pair])
def test_what_cannot_be_read_is_refused_in_words_and_listed_nowhere(
    http: httpx2.Client, send: Sent, data: bytes, status: int, said: str
) -> None:
    if not data and send is not by_api:
        pytest.skip("a form's empty file is no file")
    before = listed(http)

    answer = send(http, "refused.log", data)

    assert answer.status_code == status
    assert said.casefold() in answer.text.casefold(), "as a sentence, or behind the name of a field"
    assert listed(http) == before


def test_page_says_in_sentences_what_is_wrong(http: httpx2.Client) -> None:
    assert "<p>None of its 1 lines is a line" in by_page(http, "refused.log", b"calls 17\n").text


@pytest.mark.parametrize("send", [by_api, by_page, by_pair])
def test_file_that_is_too_large_as_it_is_hears_of_gzip(http: httpx2.Client, send: Sent) -> None:
    answer = send(http, "large.log", b"%d says nothing of note to anybody\n" * (17 << 15))

    assert answer.status_code == 413
    assert "larger than 16 MiB" in answer.text
    assert "pack it with gzip" in answer.text


def test_file_that_is_larger_than_any_body_hears_of_gzip_too(http: httpx2.Client) -> None:
    answer = by_api(http, "large.log", b"x" * (33 << 20))

    assert answer.status_code == 413
    assert "gzip" in answer.json()["detail"]


def test_file_of_too_many_lines_is_refused_with_their_number(http: httpx2.Client) -> None:
    answer = by_api(http, "lines.log.gz", gzip.compress(b"\n" * 5_000_001))

    assert answer.status_code == 413
    assert "more than 5,000,000 lines" in answer.json()["detail"]


def test_name_is_shown_as_it_was_and_may_be_left_out(http: httpx2.Client) -> None:
    log = gzip.compress(gzip.decompress(SAMPLE)[:20_000].rpartition(b"\n")[0])
    for name in ("<b>ü.log", ""):
        answer = http.post(PATH, params={"name": name} if name else {}, content=log)
        assert answer.status_code == 201, answer.text
        made = http.get(f"/api/v1/sessions/{answer.json()['session']}").json()
        assert made["title"] == (name or "recording")
        http.delete(f"/api/v1/sessions/{made['id']}", headers=bearer(answer.json()["key"]))
    assert http.post(PATH, params={"name": "x" * 256}, content=log).status_code == 422


WIRE = Path(__file__).parents[2] / "trace" / "cases" / "lint0-fixed-virtual-wire.qemu.log"
X2APIC = WIRE.with_name("x2apic-guest-qemu-10.log")


def test_what_a_file_cannot_show_is_in_the_answer(http: httpx2.Client) -> None:
    body = by_api(http, "x2.log", X2APIC.read_bytes()).json()

    assert [limit["line"] for limit in body["limits"]] == [2]
    assert "x2APIC mode" in body["limits"][0]["says"]


def test_a_recording_can_be_opened_at_one_of_its_lines(http: httpx2.Client) -> None:
    session = by_api(http, "wire.log", WIRE.read_bytes()).json()["session"]

    opened = http.post(f"/s/{session}/moments", data={"line": "8"}, headers={"Accept": "text/html"})

    assert opened.status_code == 303
    moment = http.get(f"/api/v1/sessions/{opened.headers['location'].rpartition('/')[2]}/state").json()
    assert (moment["recording"]["line"], moment["recording"]["position"], moment["paused"]) == (8, 6, True)
    assert [each["line"] for each in moment["differences"]] == [8]


def test_only_a_recording_has_lines_to_be_opened_at(http: httpx2.Client) -> None:
    session = http.post("/api/v1/sessions", json={}).json()["id"]

    assert http.post(f"/s/{session}/moments", data={"line": "8"}).status_code == 409


def test_recording_plays_by_itself(http: httpx2.Client) -> None:
    opened = by_api(http, "boot.log.gz", SAMPLE).json()
    for _ in range(300):
        if http.get(opened["links"]["state"]).json()["recording"]["position"] > 10:
            break
        time.sleep(0.05)
    else:
        pytest.fail("it stands still")
    http.delete(f"/api/v1/sessions/{opened['session']}", headers=bearer(opened["key"]))
