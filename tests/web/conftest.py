"""One server for all these tests; each test opens a session of its own."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.web.serving import Api, Server, new_session, running_server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The program, running."""
    with running_server() as running:
        yield running
        assert running.process.poll() is None, "the server did not survive the tests"


@pytest.fixture
def http(server: Server) -> Iterator[httpx2.Client]:
    """A caller."""
    with server.client() as client:
        yield client


@pytest.fixture
def session(http: httpx2.Client) -> Iterator[Api]:
    """A paused session of four CPUs."""
    made = new_session(http)
    yield made
    made.end()
