"""Recordings by the JSON interface: a file becomes a session that plays it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.session.recorded import RecordedDrive
from app.session.recorded_findings import limit_records
from app.session.registry import File
from app.web.addresses import link
from app.web.api.sessions import links_of, registry_of
from app.web.api.shapes import OpenedRecording, answers
from app.web.asking import visitor_of, while_there
from app.web.under_way import Telling

router = APIRouter(prefix="/api/v1", tags=["recordings"])


@router.post(
    "/recordings",
    status_code=201,
    responses=answers(OpenedRecording, 409, 415, 422, status=201, writes=True),
    response_model=None,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file, plain or gzip-compressed.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def open_recording(
    request: Request,
    response: Response,
    progress: Telling,
    name: Annotated[str, Query(max_length=255)] = "recording",
) -> dict[str, Any]:
    """Opens a recorded log as a session of its own. What cannot be read is kept nowhere."""
    file = File(name, await request.body(), visitor_of(request))
    session = await while_there(request, registry_of(request).open_recording(file, progress.tell))
    drive = session.drive
    assert isinstance(drive, RecordedDrive), "a recording was opened"
    response.headers["Location"] = link(f"/api/v1/sessions/{session.id}")
    return {
        "session": session.id,
        "key": session.key,
        "format": drive.replay.recording.format,
        "limits": limit_records(drive.replay),
        "links": links_of(session.id),
    }
