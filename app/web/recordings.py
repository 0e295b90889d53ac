"""Recordings by the JSON interface: a file becomes a session that plays it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from app.session.recorded import RecordedDrive
from app.session.registry import File
from app.web.addresses import link
from app.web.api import SessionLinks, links_of, registry_of
from app.web.asking import visitor_of, while_there

router = APIRouter(prefix="/api/v1", tags=["recordings"])


class Limit(BaseModel):
    """Something that the file cannot show, from its line ``line`` on."""

    line: int
    says: str


class OpenedRecording(BaseModel):
    """A session that plays a recording."""

    session: str
    format: str
    limits: list[Limit]
    links: SessionLinks


@router.post(
    "/recordings",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file, plain or gzip-compressed.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def open_recording(
    request: Request, response: Response, name: Annotated[str, Query(max_length=255)] = "recording"
) -> OpenedRecording:
    """Opens a recorded log as a session of its own. What cannot be read is kept nowhere."""
    file = File(name, await request.body(), visitor_of(request))
    session = await while_there(request, registry_of(request).open_recording(file))
    drive = session.drive
    assert isinstance(drive, RecordedDrive), "a recording was opened"
    links = links_of(session)
    response.headers["Location"] = link(f"/api/v1/sessions/{session.id}")
    return OpenedRecording(
        session=session.id,
        format=drive.replay.recording.format,
        limits=[Limit(**limit) for limit in limits_of(drive)],
        links=SessionLinks(**links),
    )


def limits_of(drive: RecordedDrive) -> list[dict[str, Any]]:
    """What the recording cannot show, said once for each."""
    return []
