"""The form that chooses the two machines of a pair: what it holds, and what is wrong with it, field by field."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from fastapi import Request

from app.backends.catalogue import BACKENDS, DEFAULT_BACKEND, reason_against
from app.backends.kvm_pv import KVM_PV
from app.backends.native import NATIVE_XAPIC
from app.backends.vmi import VMI
from app.commands.fields import InvalidCommand
from app.costs.reference import reference_of
from app.costs.sheet import CostSheet, cost_sheet_names
from app.guest.generations import GENERATIONS
from app.session.drive import NotPossible
from app.session.recorded import RecordedDrive
from app.session.registry import UnknownSession
from app.session.session import Session
from app.session.simulated import SimulatedDrive
from app.trace.errors import UnusableRecording
from app.web.api.pairs import NewMachine, NewPair, pairs_of
from app.web.api.sessions import registry_of
from app.web.errors import Problem, problem_of
from app.web.pages.forms import whole_number
from app.web.pages.machine import MOST_CPUS

EMPTY, FROM_SESSION, UPLOAD = "empty", "session", "upload"
#: B at first: the first of these that goes with the kernel and the sheet, and is not A.
_OPPONENTS = (VMI.name, KVM_PV.name, NATIVE_XAPIC.name, *BACKENDS)
#: What a pair's JSON calls fields of the form.
_CALLED = {
    "a.backend": "a",
    "b.backend": "b",
    "a.generation": "a_generation",
    "b.generation": "b_generation",
}


class Form(NamedTuple):
    """The fields of the form, as they were written; its address may hold any of them."""

    a: str = DEFAULT_BACKEND
    a_generation: str = ""
    b: str = _OPPONENTS[0]
    b_generation: str = ""
    cpus: str = "4"
    cost_sheet: str = ""
    start: str = EMPTY
    session: str = ""

    @property
    def wanted(self) -> NewPair:
        """What it asks for. InvalidCommand when the number of CPUs is none."""
        return NewPair(
            a=NewMachine(backend=self.a, generation=self.a_generation or None),
            b=NewMachine(backend=self.b, generation=self.b_generation or None),
            cpus=whole_number({"cpus": self.cpus}, "cpus", 1, MOST_CPUS, otherwise=4),
            cost_sheet=self.cost_sheet or None,
        )


Errors = list[tuple[str, str]]


def filled(fields: Mapping[str, str], session: Session | None) -> Form:
    """The form with *fields* written into it; what is missing is as in *session*."""
    form = Form() if session is None else _as_in(session)
    return form._replace(**{name: value for name, value in fields.items() if name in Form._fields and value})


def _as_in(session: Session) -> Form:
    """Machine A as *session* is, and B over another back end with the same kernel and prices."""
    form = Form(a=session.drive.backend, start=FROM_SESSION, session=session.id)
    if not isinstance(session.drive, SimulatedDrive):
        return form._replace(b=_opponent(form.a))
    simulation = session.drive.simulation
    kernel, sheet = simulation.generation, simulation.sheet
    return form._replace(
        a_generation=kernel,
        b=_opponent(form.a, kernel, sheet),
        b_generation=kernel,
        cost_sheet=reference_of(sheet),
    )


def _opponent(a: str, kernel: str = "", sheet: CostSheet | None = None) -> str:
    """*a* itself when nothing else goes with them."""
    others = (name for name in _OPPONENTS if name != a)
    return next((name for name in others if sheet is None or reason_against(name, kernel, sheet) is None), a)


def wrong_with(form: Form, unknown: set[str], starts: set[str]) -> Errors:
    """What nobody could mean, field by field; *starts* are what a pair can start with."""
    errors = [(name[:40], "there is no such field") for name in sorted(unknown)]
    for name, value, known, what in (
        ("a", form.a, set(BACKENDS), "back end"),
        ("a_generation", form.a_generation, {"", *GENERATIONS}, "kernel"),
        ("b", form.b, set(BACKENDS), "back end"),
        ("b_generation", form.b_generation, {"", *GENERATIONS}, "kernel"),
        ("start", form.start, starts, "start"),
    ):
        if value not in known:
            errors.append((name, f"there is no {what} called {value[:40]!r}"))
    return errors


def problem_at(error: Exception, form: Form) -> Problem:
    """The problem that *error* is, with each complaint at a field of the form."""
    problem = problem_of(error)
    match error:
        case UnusableRecording():
            errors = [("recording" if form.start == UPLOAD else "start", str(error))]
        case UnknownSession() | NotPossible():
            errors = [("start", problem.detail)]
        case _:
            errors = [(_CALLED.get(field, field), message) for field, message in problem.errors]
    return Problem(problem.status, "These two cannot be put side by side", errors=errors)


#: What may be wrong with what somebody asks of the form.
REFUSALS = (Problem, InvalidCommand, UnknownSession, NotPossible, UnusableRecording)


def form_context(request: Request, form: Form, session: Session | None, problem: Problem | None) -> dict[str, Any]:
    """All that `ab.html` shows."""
    sheets = cost_sheet_names()
    return {
        "form": form,
        "problem": problem,
        "wrong": dict(problem.errors) if problem else {},
        "fields": (*Form._fields, "recording"),
        "backends": list(BACKENDS.values()),
        "generations": list(GENERATIONS.values()),
        "cost_sheets": sheets if form.cost_sheet in ("", *sheets) else [*sheets, form.cost_sheet],
        "samples": registry_of(request).samples(),
        "session": session,
        "recorded": session is not None and isinstance(session.drive, RecordedDrive),
        "pairs": pairs_of(request).all(),
        "most_cpus": MOST_CPUS,
    }
