"""The words, marks and bit positions of the model by the JSON interface."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from app.web.api.shapes import answers
from app.web.api.vocabulary_shapes import Vocabulary
from app.web.static_files import ASK_ANEW, FOR_EVER
from app.web.vocabulary import VOCABULARY, VOCABULARY_VERSION

router = APIRouter(prefix="/api/v1", tags=["vocabulary"])

_TAG = f'"{VOCABULARY_VERSION}"'


@router.get("/vocabulary", responses=answers(Vocabulary, unchanged=True), response_model=None)
async def read_vocabulary(
    v: Annotated[str | None, Query(description="The version that is wanted: an answer to it may be kept.")] = None,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """All that a page needs to put the state and the events into words: kinds of events, registers and their fields,
    vectors by kernel, back ends, guest functions, commands, keys. A version that is not ours gets ours."""
    headers = {"ETag": _TAG, "Cache-Control": FOR_EVER if v == VOCABULARY_VERSION else ASK_ANEW}
    known = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    if _TAG in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(VOCABULARY, media_type="application/json", headers=headers)
