"""Set-up for tests that run on an event loop."""

from collections.abc import AsyncIterator

import pytest

from app.engine.simulation import Simulation
from app.session.session import Session
from app.session.simulated import SimulatedDrive
from app.session.workshop import Workshop


@pytest.fixture
def anyio_backend() -> str:
    """Sessions live on asyncio alone."""
    return "asyncio"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Askers wait for as long as it takes: this machine may be slow."""
    monkeypatch.setattr("app.session.session._PATIENCE", 3600.0)


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    """A workshop with no job."""
    made = Workshop()
    yield made
    await made.stop()


@pytest.fixture
async def session() -> AsyncIterator[Session]:
    """A paused machine of two CPUs that is quiet."""
    made = Session("TEST", "two CPUs", SimulatedDrive(Simulation(2)), paused=True, speed=None)
    yield made
    await made.close()
