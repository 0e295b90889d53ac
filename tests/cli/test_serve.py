"""``apicscope serve``: it says where it is, or why it cannot be there."""

import socket
import subprocess
import sys

import pytest

from tests.web.serving import ROOT, running_server

pytestmark = pytest.mark.slow


def serve(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Runs ``apicscope serve`` where it is expected to give up at once."""
    command = [sys.executable, "-m", "app", "serve", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_it_prints_an_address_that_answers() -> None:
    with running_server() as server, server.client() as http:
        assert server.address.startswith("http://127.0.0.1:")
        assert http.get("/healthz").json() == {"status": "ok"}


def test_front_page_leads_to_a_session_ready_to_drive() -> None:
    with running_server() as server, server.client() as http:
        (session,) = http.get("/api/v1/sessions").json()
        front = http.get("/")

        assert front.status_code == 303
        assert front.headers["location"] == session["links"]["page"]
        assert http.get(front.headers["location"]).status_code == 200


@pytest.mark.slow
def test_program_without_a_command_serves() -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "app", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    ).stdout

    assert "serve" in help_text
    assert "default" in help_text


@pytest.mark.slow
def test_ipv6_address_is_written_in_brackets() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with running_server("--host", "::1") as server, server.client() as http:
        assert server.address.startswith("http://[::1]:")
        assert http.get("/healthz").status_code == 200


@pytest.mark.slow
def test_port_in_use_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = serve("--port", str(port))

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert str(port) in done.stderr


@pytest.mark.slow
def test_address_of_somebody_else_is_said_in_one_line() -> None:
    done = serve("--host", "192.0.2.1", "--port", "0")

    assert done.returncode == 2
    assert done.stderr.startswith("apicscope: 192.0.2.1 ")
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_name_that_nobody_has_is_said_in_one_line() -> None:
    done = serve("--host", "nobody.invalid", "--port", "0")

    assert done.returncode == 2
    assert done.stderr.startswith("apicscope: nobody.invalid ")
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("port", ["65536", "-1", "http", "80.0", "", "80_0"])
def test_bad_port_is_refused(port: str) -> None:
    done = serve("--port", port)

    assert done.returncode == 2
    assert "--port" in done.stderr
