"""What every command has: fields, a name on the wire, words; and what those that act on a machine have besides.

A command is a class of one of the families in this room (``guest``, ``registers``, ``lines``, ``machine``,
``transport``) and a member of the union at the end of its file; ``table`` has them all.
"""

import dataclasses
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self, get_type_hints

from app.commands.field_types import FieldType
from app.commands.fields import MISSING, Fields
from app.commands.line import Line, Surroundings, flat
from app.engine.performable import Result
from app.engine.simulation import Simulation
from app.guest.apic_ops import Generation
from app.hw.events import Fault, Ignored
from app.x86.words import VectorNames

Json = dict[str, Any]


class Refusal(NamedTuple):
    """Why a command cannot be done: what is wrong and where; ``field`` is the field that it is about, "" for none."""

    message: str
    field: str = ""


class Circumstances(NamedTuple):
    """What an answer depends on besides the command: what the kernel calls its vectors, whether time stands still, and
    what the cost sheet leaves out of the back end (*remark*, "" for nothing); and whether the guest has APICs."""

    names: VectorNames
    paused: bool
    remark: str = ""
    has_apics: bool = True

    @property
    def later(self) -> str:
        """That a function does not begin before time runs; "" while it runs."""
        return " It begins when time runs." if self.paused else ""


class Said(NamedTuple):
    """What a person is told once a command has been done: a sentence, and values in JSON."""

    text: str
    values: Json


class Field(NamedTuple):
    """A field of a command as JSON has it. It must be there where it has no *default*, unless it is *optional*."""

    name: str
    type: FieldType[Any]
    default: Any = MISSING
    optional: bool = False

    @property
    def required(self) -> bool:
        """Whether it must be there."""
        return self.default is MISSING and not self.optional


_FIELDS: "dict[type[BaseCommand], tuple[Field, ...]]" = {}


def _annotated(command: "type[BaseCommand]") -> tuple[Field, ...]:
    hints = get_type_hints(command, include_extras=True)
    return tuple(
        Field(
            field.name,
            hints[field.name].__metadata__[0],
            MISSING if field.default is dataclasses.MISSING else field.default,
        )
        for field in dataclasses.fields(command)  # type: ignore[arg-type]  # every command is a dataclass
    )


class BaseCommand:
    """A command, as a value. A subclass is a frozen dataclass whose fields are annotated by ``field_types``.

    Its abstract methods are the type checker's matter alone: ``ABC`` has a ``register`` of its own, which a dataclass
    would take for the default of a field of that name.
    """

    __slots__ = ()

    #: The wire's name: ``type`` in JSON and in forms.
    kind: ClassVar[str]
    #: What it does, for people who write requests.
    description: ClassVar[str]
    #: How it is said in one line; the first that can say it is how it is written.
    lines: ClassVar[tuple[Line, ...]]

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        """Its fields as JSON has them: by the annotations, found once."""
        if cls not in _FIELDS:
            _FIELDS[cls] = _annotated(cls)
        return _FIELDS[cls]

    @classmethod
    def read(cls, given: Fields) -> Self:
        """The command that *given* says; what is wrong with a field is noted there."""
        command = cls._of({field.name: field.type.read(given, field.name, field.default) for field in cls.fields()})
        command.note_misfits(given)
        return command

    def note_misfits(self, given: Fields) -> None:
        """Notes what is wrong with fields that are right by themselves."""

    @classmethod
    def of_form(cls, form: Mapping[str, Any]) -> Mapping[str, Any]:
        """Those of a form's fields that are this command's: a form may have others beside."""
        return form

    def to_json(self) -> Json:
        """The command as JSON, which reads as the same. ValueError where no request could have asked for it."""
        values = self._values()
        return {"type": self.kind, **{field.name: field.type.write(values[field.name]) for field in self.fields()}}

    def to_line(self, among: Surroundings | None = None) -> str:
        """The command as one line, which reads as the same: *among* this machine, or without one on any that has its
        CPUs. ValueError where no request could have asked for it."""
        values = flat(self.to_json())
        return next(line for line in self.lines if line.says_it(values)).write(values, among)

    # A command whose attributes are not its fields in JSON says how one becomes the other

    @classmethod
    def _of(cls, values: dict[str, Any]) -> Self:
        return cls(**values)

    def _values(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in self.fields()}


class Stimulus(BaseCommand):
    """A command that acts on a machine. A simulation's journal keeps every one that was done."""

    __slots__ = ()

    #: Whether a demonstration ends with it: who acts on the machine wants to see what comes of that alone.
    disturbs: ClassVar[bool] = True
    #: Whether both machines of a pair can be given it. What would make another machine of one is not for them.
    pairable: ClassVar[bool] = True

    @property
    @abstractmethod
    def words(self) -> str:
        """What it is, as the cause of what follows: "CPU 0 calls smp_call_function()"."""

    @property
    def writes_icr(self) -> bool:
        """Whether the guest writes ICR itself for it, below all that a hypervisor without APICs puts in its place."""
        return False

    def misfit(self, *, x2apic: bool, kernel: Generation | None = None) -> Refusal | None:
        """Why no guest that has its APIC in that mode, and is that *kernel* where it is known, can do it; None when one
        can."""
        return None

    @abstractmethod
    def refusal(self, simulation: Simulation) -> Refusal | None:
        """Why *simulation* does not do it now; None when it does."""

    @abstractmethod
    def perform(self, simulation: Simulation) -> Result:
        """Does it, now. What cannot be done raises, and changes nothing."""

    @abstractmethod
    def done_words(self, circumstances: Circumstances) -> str:
        """What has been done, in one sentence; a second one when nothing will be seen of it before time runs."""

    def ignored_words(self, reason: str) -> str:
        """That a write did nothing, for *reason*."""
        return f"Nothing was written (ignored: {reason})."

    def answer(self, result: Result, circumstances: Circumstances) -> Said:
        """What a person is told of *result*."""
        match result:
            case Fault():
                return Said(f"#GP: {result.value}.", {"fault": result.value})
            case Ignored(reason):
                return Said(self.ignored_words(reason.value), {"ignored": reason.value})
            case _:
                return Said(self.done_words(circumstances), {})


class Read(Stimulus):
    """A read from outside: it changes nothing, and its answer is a value."""

    __slots__ = ()

    disturbs = False

    def refusal(self, simulation: Simulation) -> Refusal | None:
        return None

    def answer(self, result: Result, circumstances: Circumstances) -> Said:
        if isinstance(result, int):
            value = f"{result:#010x}"
            return Said(f"It reads {value}.", {"value": value})
        return super().answer(result, circumstances)


_MOST_IN_FLIGHT = 256


def too_many_in_flight(simulation: Simulation) -> Refusal | None:
    """What would let the bus's queue grow for ever while time stands still is refused; None while there is room."""
    if len(simulation.in_flight) + len(simulation.machine.retrying) < _MOST_IN_FLIGHT:
        return None
    return Refusal(f"{_MOST_IN_FLIGHT} messages are on their way already; let time run")


class HardwareCommand(Stimulus):
    """A command that goes straight to the hardware, past the guest: at once and free of cost."""

    __slots__ = ()

    def refusal(self, simulation: Simulation) -> Refusal | None:
        return too_many_in_flight(simulation)
