"""What each profile does where the manual leaves freedom or implementations part, from the model's own options."""

from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from app.hw.profile import DEFAULT_PROFILE, PROFILES
from app.web.rendering import templates

router = APIRouter(include_in_schema=False)


class Choice(NamedTuple):
    """What one profile chooses for an option, and whether that is not the default's choice."""

    words: str
    differs: bool


class Option(NamedTuple):
    """One option with the choice of every profile, in the order of PROFILES."""

    name: str
    choices: list[Choice]


def _options() -> list[Option]:
    default = dict(PROFILES[DEFAULT_PROFILE].choices())
    chosen = [dict(profile.choices()) for profile in PROFILES.values()]
    return [
        Option(name, [Choice(choices[name], choices[name] != usual) for choices in chosen])
        for name, usual in default.items()
    ]


@router.get("/profiles")
async def profiles(request: Request) -> Response:
    """Every option and every profile's choice."""
    context = {"profiles": list(PROFILES.values()), "options": _options(), "default": DEFAULT_PROFILE}
    return templates.TemplateResponse(request, "pages/profiles.html", context)
