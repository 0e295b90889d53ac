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
    what the cost sheet leaves out of the back end (*remark*, "" for nothing)."""

    names: VectorNames
    paused: bool
    remark: str = ""

    @property
    def later(self) -> str:
        """That a function does not begin before time runs; "" while it runs."""
        return " It begins when time runs." if self.paused else ""


class Said(NamedTuple):
    """What a person is told once a command has been done: a sentence, and values in JSON."""

    text: str
    values: Json


class Described(NamedTuple):
    """A field of a command; its default is MISSING where it must be there."""

    name: str
    type: FieldType[Any]
    default: Any


_DESCRIBED: "dict[type[BaseCommand], tuple[Described, ...]]" = {}


def described(command: "type[BaseCommand]") -> tuple[Described, ...]:
    """The fields of a class of commands, by their annotations: found once."""
    if command not in _DESCRIBED:
        _DESCRIBED[command] = _described(command)
    return _DESCRIBED[command]


def _described(command: "type[BaseCommand]") -> tuple[Described, ...]:
    hints = get_type_hints(command, include_extras=True)
    return tuple(
        Described(
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

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """The names of its fields in JSON."""
        return tuple(field.name for field in described(cls))

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """The command that *fields* are, which note what is wrong with them."""
        return cls(**{field.name: field.type.read(fields, field.name, field.default) for field in described(cls)})

    @classmethod
    def of_form(cls, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """Those of a form's *fields* that are this command's: a form may have others beside."""
        return fields

    def to_json(self) -> Json:
        """The command as JSON, which reads as the same. ValueError where no request could have asked for it."""
        return {"type": self.kind, **self._fields_to_json()}

    def _fields_to_json(self) -> Json:
        return {field.name: field.type.write(getattr(self, field.name)) for field in described(type(self))}


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
