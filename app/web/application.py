"""The web application: pages, JSON interface, stream, and what holds for every answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import Depends, FastAPI
from starlette.requests import HTTPConnection

from app.history.store import Store
from app.session.archive import Archive
from app.session.moments import Moments
from app.session.pairs import ROOM as PAIRS_ROOM
from app.session.pairs import Pairs
from app.session.registry import ROOM, Registry, UnknownSession
from app.session.version import program_version
from app.session.workshop import Workshop
from app.web import errors, stream, under_way
from app.web.api import (
    flags,
    history,
    kept,
    ladder,
    line,
    moments,
    pairs,
    recordings,
    score,
    score_reading,
    sessions,
    vocabulary,
)
from app.web.api.description import describe
from app.web.api.shapes import Health, answers
from app.web.guard import Guard
from app.web.pages import branches as branches_page
from app.web.pages import breakpoints, docs, guest_functions, machine, moment, profiles, verdict
from app.web.pages import flags as flags_page
from app.web.pages import kept as kept_page
from app.web.pages.ab import page as ab
from app.web.pages.back_ends import page as back_ends
from app.web.pages.compare import page as compare
from app.web.pages.costs import page as costs
from app.web.pages.registers import page as registers
from app.web.proxies import TrustedProxies
from app.web.rendering import STATIC_FOLDER
from app.web.settings import Settings
from app.web.shares import Shares
from app.web.static_files import VersionedFiles

SERVER_RESTARTING = 1012
#: In the order in which a path is looked for.
_PARTS = (
    sessions,
    history,
    ladder,
    line,
    score,
    score_reading,
    moments,
    flags,
    kept,
    pairs,
    recordings,
    vocabulary,
    under_way,
    stream,
    docs,
    registers,
    profiles,
    back_ends,
    guest_functions,
    costs,
    verdict,
    compare,
    ab,
    moment,
    branches_page,
    flags_page,
    breakpoints,
    kept_page,
    machine,
)


@asynccontextmanager
async def _lifespan(application: FastAPI) -> AsyncIterator[None]:
    registry: Registry = application.state.registry
    await registry.start()
    yield
    application.state.verdicts.stop()
    comparisons: compare.Comparisons = application.state.comparisons
    comparisons.stop()
    await application.state.pairs.stop(SERVER_RESTARTING)
    await registry.stop(SERVER_RESTARTING)


async def _revived(connection: HTTPConnection) -> None:
    """Brings the session back that a path names, if it rests on disk: for every call, page and stream."""
    session_id = connection.path_params.get("session_id")
    if session_id is not None:
        with suppress(UnknownSession):  # whoever looks for it says so
            await connection.app.state.registry.find(session_id)


def _registry(settings: Settings, store: Store | None, workshop: Workshop, shares: Shares) -> Registry:
    return Registry(
        ROOM._replace(bytes=settings.memory),
        settings.sleep_after,
        workshop,
        settings.first_key,
        admission=shares,
        archive=Archive(store, program_version(), settings.kept_bytes) if store is not None else None,
        remark=settings.remark,
    )


def create_application(
    settings: Settings = Settings(),  # noqa: B008  # it cannot be changed
    store: Store | None = None,
) -> FastAPI:
    """A fresh application, with the sessions that *store* has; without it they end with the process. Whoever opened
    the store closes it."""
    application = FastAPI(
        title="apicscope",
        summary="See interrupts move: x86 local APICs, I/O APIC and bus, live.",
        version=program_version(),
        lifespan=_lifespan,
        docs_url=None,  # FastAPI's page fetches its scripts from elsewhere
        redoc_url=None,
        dependencies=[Depends(_revived)],
    )
    shares = Shares(settings.limits)
    workshop = Workshop(most_waiting_of_one=settings.limits.places)
    application.state.registry = registry = _registry(settings, store, workshop, shares)
    application.state.moments = Moments(registry)
    application.state.verdicts = verdict.new_verdicts(workshop)
    application.state.comparisons = compare.Comparisons(workshop)
    application.state.under_way = under_way.UnderWay()
    application.state.pairs = Pairs(
        registry.share, workshop, PAIRS_ROOM._replace(bytes=settings.memory), settings.sleep_after, shares
    )
    errors.install(application)
    application.add_middleware(Guard, settings=settings, shares=shares)
    if settings.trusted_proxies:
        application.add_middleware(TrustedProxies, trusted=settings.trusted_proxies)
    for part in _PARTS:
        application.include_router(part.router)
    application.mount("/static", VersionedFiles(directory=STATIC_FOLDER), name="static")

    @application.get("/healthz", tags=["health"], responses=answers(Health), response_model=None)
    async def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    describe(application)
    return application
