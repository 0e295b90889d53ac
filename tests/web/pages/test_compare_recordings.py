"""Recorded logs on the compare page: samples, files that people send, and files that cannot be used."""

import threading
import time
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from app.backends.catalogue import BACKENDS
from tests.web.pages.compare_page import page
from tests.web.serving import ROOT

SAMPLE = ROOT / "app/trace/samples/linux-6.1-boot-4cpu.qemu.log.gz"
LOG = b"apic_mem_writel 0xfee00300 <- 0x000c08fb\n" * 3
CUT = b"ioapic_set_irq vector: 1 level: 1\nioapic_set_irq vector: 1\n"


@pytest.mark.slow
def test_sample_recording_is_priced_under_every_back_end(http: httpx2.Client) -> None:
    shown = page(http, "work=recording")

    assert "782 IPIs sent, 2,184 interrupts ended" in shown.words
    assert all(name in shown.words for name in BACKENDS)


def send(
    http: httpx2.Client, data: bytes, name: str = "my.log", headers: Mapping[str, str] | None = None, **fields: str
) -> httpx2.Response:
    return http.post(
        "/compare/recordings",
        data=fields,
        files={"log": (name, data)},
        headers={"Accept": "text/html", **(headers or {})},
        follow_redirects=False,
    )


@pytest.mark.slow
def test_uploaded_log_has_an_address_that_keeps_the_rest_of_the_question(http: httpx2.Client) -> None:
    answer = send(http, SAMPLE.read_bytes(), backend="vmi", sheet="2007")

    assert answer.status_code == 303
    query = urlsplit(answer.headers["location"]).query
    assert parse_qs(query)["backend"] == ["vmi"]
    shown = page(http, query)
    assert "my.log" in shown.words
    assert "782 IPIs sent" in shown.words


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (LOG + b"\0\n", 415, "line 4: this is not text, so the file is binary or damaged"),
        (CUT, 422, "line 2: this looks like a line of the log, but it is cut or damaged"),
        (b"calls 17\n", 422, "none of its 1 lines is a line of a QEMU log"),
    ],
    ids=["binary", "cut", "none"],
)
@pytest.mark.parametrize("fragment", [False, True])
def test_bad_log_is_refused_with_its_line_and_stands_in_nobody_s_list(
    http: httpx2.Client, data: bytes, status: int, said: str, fragment: bool
) -> None:
    name = f"refused-{status}-{len(data)}-{fragment}.log"

    answer = send(http, data, name, headers={"HX-Request": "true"} if fragment else {})

    assert answer.status_code == status
    assert said.casefold() in answer.text.casefold(), "as a sentence, or behind the name of a field"
    assert ("<html" in answer.text) is not fragment
    assert name not in http.get("/compare?work=function").text


def test_recording_that_is_not_kept_any_more_is_said(http: httpx2.Client) -> None:
    shown = page(http, "work=recording&recording=upload-0123456789abcdef", status=422)

    assert "is not kept here any more: send it again" in shown.words


def test_upload_without_a_file_is_refused(http: httpx2.Client) -> None:
    assert http.post("/compare/recordings", data={"sheet": "2007"}).status_code == 422


def test_other_sites_may_not_send(http: httpx2.Client) -> None:
    answer = http.post(
        "/compare/recordings", files={"log": ("a", b"x")}, headers={"Origin": "https://elsewhere.example"}
    )

    assert answer.status_code == 403


@pytest.mark.slow
def test_server_answers_others_while_it_computes(http: httpx2.Client) -> None:
    answers: list[int] = []
    asking = threading.Thread(
        target=lambda: answers.append(
            http.get("/compare.json?work=recording&sheet=skylake-sp", timeout=120).status_code
        )
    )
    asking.start()
    others = 0
    while asking.is_alive():
        assert http.get("/healthz").json() == {"status": "ok"}
        others += 1
        time.sleep(0.05)

    assert answers == [200]
    assert others
