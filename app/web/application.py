"""The web application: pages, JSON interface, stream, and what holds for every answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from app.session.registry import Registry
from app.web import api, costs, docs, errors, pages, profiles, registers, stream
from app.web.guard import Guard
from app.web.rendering import STATIC_FOLDER

SERVER_RESTARTING = 1012


@asynccontextmanager
async def _lifespan(application: FastAPI) -> AsyncIterator[None]:
    registry: Registry = application.state.registry
    await registry.start()
    yield
    await registry.stop(SERVER_RESTARTING)


def create_application() -> FastAPI:
    """A fresh application with sessions of its own."""
    application = FastAPI(
        title="apicscope",
        summary="See interrupts move: x86 local APICs, I/O APIC and bus, live.",
        version="1",
        lifespan=_lifespan,
        docs_url=None,  # FastAPI's page fetches its scripts from elsewhere
        redoc_url=None,
    )
    application.state.registry = Registry()
    errors.install(application)
    application.add_middleware(Guard)
    application.include_router(api.router)
    application.include_router(stream.router)
    application.include_router(docs.router)
    application.include_router(registers.router)
    application.include_router(profiles.router)
    application.include_router(costs.router)
    application.include_router(pages.router)
    application.mount("/static", StaticFiles(directory=STATIC_FOLDER), name="static")

    @application.get("/healthz", tags=["health"])
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return application
