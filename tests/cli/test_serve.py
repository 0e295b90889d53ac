"""``apicscope serve``: it says where it is, or why it cannot be there."""

import socket
import subprocess
import sys
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from app.web.hosts import own_addresses
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


def printed(*arguments: str) -> list[str]:
    """What the program says before it serves."""
    command = [sys.executable, "-m", "app", "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert urlopen(first.split()[1] + "healthz", timeout=60).status == 200
        process.terminate()
        return [first, *process.stdout]


@pytest.mark.slow
def test_listening_everywhere_prints_the_addresses_that_others_can_open_and_a_warning() -> None:
    said = printed("--host", "0.0.0.0")
    others = [line.split("others can open ")[1].strip() for line in said if "others can open" in line]

    assert said[0].startswith("apicscope: http://127.0.0.1:")
    assert {urlsplit(other).hostname for other in others} == {
        str(address) for address in own_addresses() if address.version == 4
    }
    assert len({urlsplit(line.split()[-1]).port for line in [said[0], *others]}) == 1
    assert "app/EXPOSURE.md" in said[-1]


@pytest.mark.slow
def test_listening_here_alone_warns_of_nothing() -> None:
    said = "".join(printed())

    assert "others can open" not in said
    assert "EXPOSURE" not in said


@pytest.mark.slow
@pytest.mark.parametrize(
    "option",
    [
        ("--root-path", "apicscope"),
        ("--root-path", "/a b"),
        ("--root-path", "//evil.example"),
        ("--allow-origin", "school.example"),
        ("--allow-origin", "https://school.example/page"),
        ("--forwarded-allow-ips", "proxy.example"),
        ("--sockets-per-address", "0"),
        ("--commands-per-address", "many"),
    ],
)
def test_option_that_cannot_be_meant_is_refused_by_name(option: tuple[str, str]) -> None:
    done = serve("--port", "0", *option)

    assert done.returncode == 2
    assert option[0] in done.stderr.splitlines()[-1]
