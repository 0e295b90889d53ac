"""The pages and fragments that people see: rendered here, kept alive by the stream, driven by forms."""

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from starlette.datastructures import UploadFile

from app.backends.catalogue import BACKENDS, DEFAULT_BACKEND, with_other_kernels
from app.charts.branch_tree import Course, tree
from app.commands.fields import InvalidCommand
from app.commands.line_reading import WAYS
from app.commands.reading import read_form
from app.commands.transport import STEP_UNITS, NameBranch, SwitchBranch
from app.costs.sheet import cost_sheet_names
from app.engine.journal import Moment, moment_at
from app.guest.generations import DEFAULT_GENERATION, GENERATIONS
from app.history.recorded import RECORDED_UNITS
from app.hw.legacy_pic import DEVICE_LINES
from app.hw.profile import DEFAULT_PROFILE, PROFILES
from app.score.last import last_words
from app.score.span_kinds import SPAN_KINDS
from app.score.then import LineThen
from app.session.drive import Drive, NotPossible
from app.session.moments import LARGEST_VIEW, LONGEST_NOTE
from app.session.recorded import RecordedDrive
from app.session.registry import SLOW_MOTION, File, Registry
from app.session.session import Session
from app.state.preview import Preview
from app.state.shapes import NumberedState
from app.state.vocabulary import COUNTERS, FINDS, REGISTERS, RUN_STATES
from app.web.addresses import link
from app.web.api.sessions import generation_of, moments_of, sheet_of
from app.web.asking import visitor_of, while_there
from app.web.errors import Problem, problem_of
from app.web.keys import check_cookie, holds_key, keep_key, keep_owner_key, owner_key
from app.web.pages.asked import elsewhere, fields_of, is_htmx
from app.web.pages.breakpoints import breakpoints_context
from app.web.pages.choices import (
    functions_of,
    known_msrs,
    local_sources,
    vector_of,
    vectors_of,
    writable_registers,
)
from app.web.pages.flags import flags_context
from app.web.pages.forms import send_ipi_from_form, whole_number
from app.web.pages.invitations import FOLLOWED, PAUSED, invitations, invited_cpu
from app.web.pages.shortcuts import MACHINE_KEYS, STAGE_WAYS, announced, caption, captions
from app.web.rendering import templates
from app.web.under_way import Telling
from app.x86.icr import (
    DELIVERY_MODE,
    LEVEL,
    SHORTHAND,
    TRIGGER_MODE,
    VALID_DELIVERY_MODES,
    DeliveryMode,
    Shorthand,
    TriggerMode,
)
from app.x86.model_specific_registers import ApicMode

#: No file has so many lines as this.
_LAST_LINE = 999_999_999

router = APIRouter(include_in_schema=False)

MOST_CPUS = 32


def registry_of(request: Request) -> Registry:
    """The sessions of this process."""
    registry: Registry = request.app.state.registry
    return registry


def composed(preview: Preview) -> dict[str, Any]:
    """What `_composed.html` shows of a preview."""
    high, low = divmod(preview.icr, 1 << 32)
    mode = ApicMode.X2APIC if preview.x2apic else ApicMode.XAPIC
    return {"preview": preview, "preview_hex": f"0x{high:08x}_{low:08x}", "preview_mode": mode.value}


def first_act(cpus: int) -> dict[str, Any]:
    """What the forms hold at first: an IPI to the CPU that the invitations speak of."""
    cpu = invited_cpu(cpus)
    return {"cpu": cpu, "destination": f"0x{cpu:02x}", "msi_address": f"0xfee{cpu:02x}000"}


#: What the form that composes an IPI offers for each field: the values of a command, what the layout calls
#: them, and their numbers.
ICR_CHOICES: dict[str, list[tuple[str, str, int]]] = {
    "delivery_mode": [
        (mode.name.lower(), DELIVERY_MODE.values[mode], mode)
        for mode in DeliveryMode
        if mode in VALID_DELIVERY_MODES[Shorthand.NONE]
    ],
    "shorthand": [(shorthand.name.lower(), SHORTHAND.values[shorthand], shorthand) for shorthand in Shorthand],
    "level": [(str(value), LEVEL.values[value], value) for value in (1, 0)],
    "trigger_mode": [(mode.name.lower(), TRIGGER_MODE.values[mode], mode) for mode in TriggerMode],
}


def branches_context(session: Session) -> dict[str, Any]:
    """What `_branches.html` shows: the courses that *session* has taken, and which of them is shown."""
    shown = session.drive.branch
    courses = {course.number: course for course in session.drive.branches()}
    rows = tree(
        [Course(each.number, each.parent, each.leaves.time, each.head.time) for each in courses.values()], shown
    )
    branches = []
    for row, drawn in rows:
        course = courses[row.number]
        branches.append(
            {
                "number": row.number,
                "depth": row.depth,
                "tree": Markup(drawn),
                "name": course.name,
                "parent": None if course.parent is None else courses[course.parent].name,
                "leaves_at": course.leaves.tick,
                "head": course.head.tick,
                "shown": row.number == shown,
            }
        )
    return {"session": session, "branches": branches, "shown_branch": courses[shown].name, "shown_number": shown}


def reading_context(state: NumberedState) -> dict[str, Any]:
    """What every page of a machine shows, whether or not anybody can act there."""
    return {
        "state": state,
        "span_kinds": SPAN_KINDS,
        "counters": COUNTERS,
        "finds": FINDS,
        "announced": lambda action: announced(MACHINE_KEYS, action),
        "captions": lambda action: captions(MACHINE_KEYS, action),
        "registers": REGISTERS,
        "run_states": RUN_STATES,
    }


#: Of what happened last, so much is told where nothing is drawn.
SPANS_TOLD = 20


def told_last(drive: Drive, branch: int, at: Moment) -> list[str]:
    """The newest of what happened in *branch* of *drive*'s history up to the moment *at*, in sentences."""
    return last_words(LineThen(drive.score.line(branch), at), drive.vector_names, at.time, SPANS_TOLD)


def other_kernels(session: Session) -> dict[str, list[str]]:
    """The back ends that the kernel of *session* does not go with, by the kernel that does. A recording has none."""
    generation = session.drive.generation
    if generation is None or isinstance(session.drive, RecordedDrive):
        return {}
    return with_other_kernels(generation, x2apic=session.drive.machine.profile.x2apic)


def page_context(session: Session, address: str) -> dict[str, Any]:
    """All that `page.html` shows before the stream takes over."""
    state = session.state()
    profile = PROFILES[state["profile"]]
    act = first_act(session.cpu_count)
    names = session.drive.vector_names
    vector = vector_of("reschedule", names)
    ipi = {"cpu": "0", "vector": vector, "destination": act["destination"]}
    return {
        **reading_context(state),
        "session": session,
        "last_spans": told_last(session.drive, state["branch"], moment_at(state["tick"], state["time"])),
        "act": act,
        "invitations": invitations(session.cpu_count),
        "invitation_words": {"paused": PAUSED, "followed": FOLLOWED},
        "join_address": address,
        "units": RECORDED_UNITS if state["recording"] else STEP_UNITS,
        **branches_context(session),
        **flags_context(session),
        **breakpoints_context(session),
        "backends": list(BACKENDS.values()),
        "other_kernels": other_kernels(session),
        "cost_sheets": cost_sheet_names(),
        "generations": list(GENERATIONS.values()),
        "profiles": list(PROFILES.values()),
        "functions": functions_of(GENERATIONS[session.drive.generation or DEFAULT_GENERATION]),
        "vector": vector,
        "vectors": vectors_of(names),
        "icr_choices": ICR_CHOICES,
        "keys": MACHINE_KEYS,
        "msrs": known_msrs(),
        "stage_ways": [(tuple(map(caption, keys)), words) for keys, words in STAGE_WAYS],
        "lines": WAYS,
        "local_sources": local_sources(profile),
        "writable_registers": writable_registers(profile),
        "legacy_lines": sorted(DEVICE_LINES),
        **composed(session.preview(send_ipi_from_form(ipi, session.cpu_count))),
    }


@router.get("/")
async def front(request: Request) -> Response:
    """The machine that is always open."""
    return RedirectResponse(link(f"/s/{registry_of(request).default().id}"), status_code=303)


@router.get("/s/{session_id}")
async def session_page(request: Request, session_id: str) -> Response:
    """The dashboard of one session."""
    registry = registry_of(request)
    session = registry.get(session_id)
    context = page_context(session, str(request.url))
    more = {"samples": registry.samples(), "mine": holds_key(request, session)}
    return templates.TemplateResponse(request, "pages/machine/page.html", context | more)


@router.post("/s/{session_id}/compose")
async def compose(request: Request, session_id: str) -> Response:
    """What the IPI in the form would be in the ICR, and who would receive it."""
    session = registry_of(request).get(session_id)
    try:
        command = send_ipi_from_form(await fields_of(request), session.cpu_count)
        foreseen = session.preview(command)
    except (InvalidCommand, NotPossible) as error:
        # Half-typed is no error: the preview says what is missing and the form goes on.
        return templates.TemplateResponse(request, "pages/machine/_composed.html", {"problem": problem_of(error)})
    return templates.TemplateResponse(request, "pages/machine/_composed.html", composed(foreseen))


@router.post("/s/{session_id}/commands")
async def command(request: Request, session_id: str) -> Response:
    """One command from a form."""
    session = registry_of(request).get(session_id)
    answer = await session.submit(read_form(await fields_of(request), session.cpu_count))
    if not is_htmx(request):
        return RedirectResponse(link(f"/s/{session.id}"), status_code=303)
    return templates.TemplateResponse(request, "parts/_answer.html", {"answer": answer})


@router.get("/s/{session_id}/branches")
async def branches(request: Request, session_id: str) -> Response:
    """The list of the session's branches, a part of the machine's page: whoever asks for it alone is led there."""
    if not is_htmx(request):
        return RedirectResponse(link(f"/s/{registry_of(request).get(session_id).id}"), status_code=303)
    return _branches(request, registry_of(request).get(session_id), "")


@router.post("/s/{session_id}/branches")
async def change_branches(request: Request, session_id: str) -> Response:
    """Shows another branch, or gives one a name, and lists them anew."""
    session = registry_of(request).get(session_id)
    wanted = read_form(await fields_of(request), session.cpu_count)
    if not isinstance(wanted, SwitchBranch | NameBranch):
        raise InvalidCommand([("type", f"must be {SwitchBranch.kind} or {NameBranch.kind}")])
    answer = await session.submit(wanted)
    if not is_htmx(request):
        return RedirectResponse(link(f"/s/{session.id}"), status_code=303)
    return _branches(request, session, answer.text)


@router.post("/s/{session_id}/link")
async def link_moment(request: Request, session_id: str) -> Response:
    """Gives the moment that is shown a link: its address to copy, or without scripts its page."""
    session = registry_of(request).get(session_id)
    fields = await fields_of(request)
    note = fields.get("note", "")
    if len(note) > LONGEST_NOTE:
        raise InvalidCommand([("note", f"must have {LONGEST_NOTE:,} characters at most")])
    view = _view_of(fields.get("view") or "{}")
    moment = await moments_of(request).link(session, None, None, note, view)
    page = f"/m/{moment.link}"
    if not is_htmx(request):
        return RedirectResponse(link(page), status_code=303)
    branch = next(each.name for each in session.drive.branches() if each.number == moment.branch)
    context = {"moment": moment, "branch": branch, "address": link(page)}
    return templates.TemplateResponse(request, "pages/machine/_linked.html", context)


def _view_of(text: str) -> dict[str, Any]:
    """What of the page is to come back with a moment. InvalidCommand where that is no JSON object, or too large."""
    try:
        view = json.loads(text) if len(text) <= LARGEST_VIEW else None
    except ValueError:
        view = None
    if not isinstance(view, dict):
        raise InvalidCommand([("view", f"must be a JSON object of {LARGEST_VIEW:,} bytes at most")])
    return view


def _branches(request: Request, session: Session, answer: str) -> Response:
    context = branches_context(session) | {"answer": answer, "fragment": True}
    return templates.TemplateResponse(request, "pages/machine/_branches.html", context)


@router.post("/s/{session_id}/recordings")
async def open_recording(request: Request, session_id: str, progress: Telling) -> Response:
    """A recording, uploaded or one of the samples, as a session of its own."""
    registry = registry_of(request)
    registry.get(session_id)
    form = await request.form()
    sample, upload = form.get("sample"), form.get("recording")
    if isinstance(sample, str):
        opening = registry.open_sample(sample, visitor_of(request))
    elif isinstance(upload, UploadFile) and upload.filename:
        opening = registry.open_recording(
            File(upload.filename, await upload.read(), visitor_of(request)), progress.tell
        )
    else:
        raise Problem(422, "Which recording?", errors=[("recording", "choose a file first")])
    opened = await while_there(request, opening)
    return _kept(request, opened)


@router.post("/s/{session_id}/moments")
async def open_moment(request: Request, session_id: str) -> Response:
    """The same recording, played up to one of its lines, as a session of its own."""
    registry = registry_of(request)
    line = whole_number(await fields_of(request), "line", 0, _LAST_LINE, otherwise=0)
    return _kept(request, await registry.open_moment(registry.get(session_id), line))


@router.post("/s")
async def create(request: Request) -> Response:
    """A new machine."""
    fields = await fields_of(request)
    backend = fields.get("backend") or DEFAULT_BACKEND
    cpus = whole_number(fields, "cpus", 1, MOST_CPUS, otherwise=4)
    profile = fields.get("profile") or DEFAULT_PROFILE
    if backend not in BACKENDS:
        raise InvalidCommand([("backend", f"there is no back end {backend[:40]!r}")])
    if profile not in PROFILES:
        raise InvalidCommand([("profile", f"there is no profile {profile[:40]!r}")])
    generation = fields.get("generation") or None
    if generation is not None and generation not in GENERATIONS:
        raise InvalidCommand([("generation", f"there is no kernel {generation[:40]!r}")])
    kernel = generation_of(backend, generation)
    registry = registry_of(request)
    session = registry.create(
        cpus=cpus,
        backend=backend,
        profile=profile,
        generation=kernel,
        speed=SLOW_MOTION,
        sheet=sheet_of(fields.get("cost_sheet"), backend, kernel),
        key=owner_key(request),
    )
    response = _kept(request, await registry.kept(session))
    keep_owner_key(request, response, session)
    return response


def _kept(request: Request, session: Session) -> Response:
    """Sends the browser to the session that it has made, with the key to it."""
    page = f"/s/{session.id}"
    return keep_key(request, elsewhere(request, page), session, page)


@router.post("/s/{session_id}/kernel")
async def with_other_kernel(request: Request, session_id: str) -> Response:
    """A machine like the session's, with the kernel that its back end wants, as a session of its own: as many CPUs, of
    the same profile. Nothing else goes with it, for another kernel has other vectors and sets its APICs up itself."""
    registry = registry_of(request)
    of, backend = registry.get(session_id), (await fields_of(request)).get("backend", "")
    others = other_kernels(of)
    kernel = next((kernel for kernel, names in others.items() if backend in names), None)
    if kernel is None:
        offered = ", ".join(name for names in others.values() for name in names) or "there is none"
        raise InvalidCommand(
            [("backend", f"{backend[:40]!r} is none that another kernel has for it; known: {offered}")]
        )
    session = registry.create(
        cpus=of.cpu_count,
        backend=backend,
        profile=of.drive.machine.profile.name,
        generation=kernel,
        speed=SLOW_MOTION,
        sheet=sheet_of(None, backend, kernel),
        key=owner_key(request),
    )
    response = _kept(request, await registry.kept(session))
    keep_owner_key(request, response, session)
    return response


@router.post("/s/{session_id}/end")
async def end(request: Request, session_id: str) -> Response:
    """Ends the session, for all who look at it; only the browser that has made it can."""
    registry = registry_of(request)
    check_cookie(request, registry.get(session_id))
    await registry.end(session_id)
    return elsewhere(request, "/")
