"""The JSON interface of flags: words at moments, seen by all who watch a session."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.commands.transport import LATEST, MOST_BRANCHES
from app.session.comparing import is_on_course
from app.session.drive import NotPossible
from app.session.flags import LONGEST_WORD, Flag, flag_word
from app.web.addresses import link
from app.web.api.exact_json import ExactRoute
from app.web.api.sessions import moments_of, registry_of
from app.web.api.shapes import answers

router = APIRouter(prefix="/api/v1", tags=["moments"], route_class=ExactRoute)

OneBranch = Annotated[int | None, Query(ge=0, lt=MOST_BRANCHES)]
FlagNumber = Annotated[int, Path(ge=0, le=LATEST)]


class NewFlag(BaseModel):
    """The word, and which moment is to have it; what is shown, where no branch and no tick is given."""

    model_config = ConfigDict(extra="forbid", strict=True)

    word: Annotated[str, Field(min_length=1, max_length=LONGEST_WORD)]
    tick: Annotated[int | None, Field(ge=0, le=LATEST)] = None
    branch: Annotated[int | None, Field(ge=0, lt=MOST_BRANCHES)] = None


class PutFlag(BaseModel):
    """A flag stands; null is no link, where the session's moments have none."""

    model_config = ConfigDict(extra="forbid")

    flag: int
    link: str | None


class FlagShape(PutFlag):
    """A flag, with its moment."""

    branch: int
    tick: int
    time: int
    word: str
    who: str


def flag_link(flag: Flag) -> str | None:
    """The address of the page that shows the flag's moment; None where there is none."""
    return link(f"/m/{flag.link}") if flag.link else None


def flag_json(flag: Flag) -> dict[str, Any]:
    """*flag* as an answer has it."""
    return {
        "flag": flag.number,
        "branch": flag.branch,
        "tick": flag.moment.tick,
        "time": flag.moment.time,
        "word": flag.word,
        "link": flag_link(flag),
        "who": flag.who,
    }


@router.get("/sessions/{session_id}/flags", responses=answers(list[FlagShape], 404, 409, 422), response_model=None)
async def list_flags(request: Request, session_id: str, branch: OneBranch = None) -> list[dict[str, Any]]:
    """The flags of a session by branch and moment: all, or those on the whole course of one branch."""
    session = registry_of(request).get(session_id)
    drive = session.drive
    if branch is not None and branch >= len(drive.branches()):
        raise NotPossible(f"there is no branch {branch}", "branch")
    return [
        flag_json(flag)
        for flag in session.flags.all()
        if branch is None or is_on_course(drive, flag.branch, flag.moment.tick, branch)
    ]


@router.post(
    "/sessions/{session_id}/flags",
    status_code=201,
    responses=answers(PutFlag, 404, 409, 415, 422, 507, status=201, writes=True),
    response_model=None,
)
async def put_flag(request: Request, response: Response, session_id: str, wanted: NewFlag) -> dict[str, Any]:
    """Puts a flag with a word at a moment. Where moments have links, it gives this one a link, too."""
    session = registry_of(request).get(session_id)
    flag = await moments_of(request).put_flag(session, wanted.branch, wanted.tick, flag_word(wanted.word))
    response.headers["Location"] = link(f"/api/v1/sessions/{session.id}/flags/{flag.number}")
    return {"flag": flag.number, "link": flag_link(flag)}


@router.get("/sessions/{session_id}/flags/{flag}", responses=answers(FlagShape, 404, 422), response_model=None)
async def read_flag(request: Request, session_id: str, flag: FlagNumber) -> dict[str, Any]:
    """One flag."""
    return flag_json(registry_of(request).get(session_id).flags.find(flag))


@router.delete(
    "/sessions/{session_id}/flags/{flag}",
    status_code=204,
    responses=answers(None, 404, 422, 507, status=204, writes=True),
)
async def remove_flag(request: Request, session_id: str, flag: FlagNumber) -> None:
    """Takes a flag away. A link that it had goes on leading to its moment."""
    await moments_of(request).remove_flag(registry_of(request).get(session_id), flag)
