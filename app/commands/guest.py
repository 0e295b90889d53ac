"""What a CPU's guest is told to do: to write an interrupt command, or to call one of its functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from app.commands.command import Circumstances, Field, Json, Refusal, Stimulus
from app.commands.field_types import Choice, Cpu, CpuList, CpuMask, FieldType, Flag, Schema, Whole, described, named
from app.commands.fields import MISSING, Fields
from app.commands.line import Line, Surroundings, Values
from app.commands.line_calls import CpuSet, GuestFunctionName, TargetGiven, VectorGiven, join_call, split_call
from app.commands.line_destinations import Destination, join_destination, split_destination
from app.commands.line_parts import Hexadecimal, Meant, OneCpu, OneOfWords, Rare, VectorNumber, mark, named_part
from app.engine.guest_calls import ICR_WRITE, GuestCall
from app.engine.simulation import Simulation
from app.guest.apic_ops import Generation
from app.guest.functions import Argument, CallArguments
from app.guest.generations import GUEST_FUNCTIONS
from app.x86.icr import X2APIC_DESTINATION, DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
from app.x86.words import interrupt_words

_MOST_CALLS = 64

_VECTOR = Whole(0, 255, bits=True)
_WAIT = Flag()


def _too_many_calls(simulation: Simulation, cpu: int) -> Refusal | None:
    """What would let a CPU's queue grow for ever while time stands still is refused; None while there is room."""
    if len(simulation.processors[cpu].calls) < _MOST_CALLS:
        return None
    return Refusal(f"{_MOST_CALLS} calls wait on CPU {cpu} already; let time run")


class _Level:
    """The level bit of ICR, which JSON has as true (assert) or false (de-assert)."""

    def read(self, fields: Fields, name: str, default: int = MISSING) -> int:
        return int(Flag().read(fields, name, bool(default)))

    def write(self, value: int) -> bool:
        return bool(value)

    def schema(self) -> Schema:
        return Flag().schema()


_DELIVERY_MODES = {
    "fixed": DeliveryMode.FIXED,
    "lowest_priority": DeliveryMode.LOWEST_PRIORITY,
    "smi": DeliveryMode.SMI,
    "nmi": DeliveryMode.NMI,
    "init": DeliveryMode.INIT,
    "startup": DeliveryMode.STARTUP,
}
_IPI_FIELDS = (
    Field("cpu", Cpu()),
    Field("vector", _VECTOR),
    Field("delivery_mode", Choice(_DELIVERY_MODES), DeliveryMode.FIXED),
    Field("destination_mode", Choice({one.name.lower(): one for one in DestinationMode}), DestinationMode.PHYSICAL),
    Field("shorthand", Choice({one.name.lower(): one for one in Shorthand}), Shorthand.NONE),
    Field("destination", Whole(0, X2APIC_DESTINATION.highest, bits=True), 0),
    Field("level", _Level(), 1),
    Field("trigger_mode", Choice({one.name.lower(): one for one in TriggerMode}), TriggerMode.EDGE),
)


@dataclass(frozen=True, slots=True)
class _IpiVector(VectorNumber):
    def is_needed(self, read: Values) -> bool:
        """NMI, SMI and INIT have no vector."""
        return read.get("delivery_mode") not in ("nmi", "smi", "init")

    def write(self, values: Values, among: Surroundings | None) -> str:
        return VectorNumber.write(self, values, among) if values["vector"] or self.is_needed(values) else ""


def _join_ipi(values: Values, among: Surroundings) -> Values:
    return join_destination({"vector": 0} | values, among)


_DELIVERY_WORDS = {
    "fixed": Meant("fixed", "take the vector"),
    "lowest": Meant("lowest_priority", "one of those addressed takes the vector"),
    "nmi": Meant("nmi", "a non-maskable interrupt"),
    "init": Meant("init", "resets the target"),
    "startup": Meant("startup", "starts the target at the page that the vector names"),
    "sipi": Meant("startup", "the same as startup"),
    "smi": Meant("smi", "a system-management interrupt"),
}
_MODE_WORDS = {
    "physical": Meant("physical", "by APIC ID"),
    "logical": Meant("logical", "by logical ID"),
}
_IPI_LINE = Line(
    "ipi",
    (
        OneCpu("CPU", "the CPU that sends", ("cpu",)),
        Destination("TO", "CPUs such as 2 or 0-3,7; all, others, self; l:03, p:02", ("to", "destination")),
    ),
    (
        _IpiVector("VECTOR", "hexadecimal, such as 61, or by the kernel's name", ("vector",)),
        OneOfWords("DELIVERY", ", ".join(_DELIVERY_WORDS), ("delivery_mode",), _DELIVERY_WORDS, "fixed"),
        OneOfWords("physical|logical", "the destination mode", ("destination_mode",), _MODE_WORDS),
        mark("deassert", "level", False, True, "level 0"),
        mark("level", "trigger_mode", "level", "edge", "trigger mode level"),
        named_part(
            Hexadecimal("HEX", "what a shorthand leaves unread", ("destination",), highest=X2APIC_DESTINATION.highest),
            "destination",
            Rare,
        ),
    ),
    example="ipi 0 2 61",
    join=_join_ipi,
    split=split_destination,
)


@dataclass(frozen=True, slots=True)
class SendIpi(Stimulus):
    """The guest on *cpu* writes this interrupt command through its back end."""

    kind = "send_ipi"
    description = (
        "The guest on the CPU sends this interrupt command through its back end. The destination has 8 bits, and 32 "
        "where the guest has its APIC in x2APIC mode."
    )
    lines: ClassVar[tuple[Line, ...]] = (_IPI_LINE,)

    cpu: int
    icr: Icr

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        return _IPI_FIELDS

    @classmethod
    def _of(cls, values: dict[str, Any]) -> Self:
        return cls(values.pop("cpu"), Icr(**values))

    def _values(self) -> dict[str, Any]:
        return {"cpu": self.cpu, **self.icr._asdict()}

    @property
    def words(self) -> str:
        return f"CPU {self.cpu} sends {interrupt_words(self.icr.vector, self.icr.delivery_mode, {})}"

    @property
    def writes_icr(self) -> bool:
        return True

    def misfit(self, *, x2apic: bool, kernel: Generation | None = None) -> Refusal | None:
        misfit = self.icr.misfit(x2apic=x2apic)
        return Refusal(misfit, "destination") if misfit else None

    def refusal(self, simulation: Simulation) -> Refusal | None:
        return self.misfit(x2apic=simulation.execution.backend.x2apic) or _too_many_calls(simulation, self.cpu)

    def perform(self, simulation: Simulation) -> None:
        simulation.call(self.cpu, GuestCall(ICR_WRITE, self.icr))

    def done_words(self, circumstances: Circumstances) -> str:
        what = interrupt_words(self.icr.vector, self.icr.delivery_mode, circumstances.names)
        if not circumstances.has_apics:
            return f"{what} is not sent: this guest has no APIC. Ask it for a function that sends."
        return f"CPU {self.cpu} has been told to send {what}.{circumstances.later}"


class _Arguments:
    """What a guest function is called with: an object, all of whose fields may be absent."""

    _TYPES: ClassVar[dict[str, FieldType[Any]]] = {
        "cpu": Cpu(),
        "target": Cpu(),
        "cpus": CpuList(),
        "mask": CpuMask(),
        "vector": _VECTOR,
        "wait": _WAIT,
    }

    def read(self, fields: Fields, name: str, default: CallArguments = MISSING) -> CallArguments:
        given = fields.nested(name)
        given.only(tuple(self._TYPES))
        return CallArguments(
            self._either(given, "target", "cpu"),
            self._either(given, "mask", "cpus"),
            self._read(given, "vector"),
            _WAIT.read(given, "wait", True),
        )

    def _read(self, given: Fields, name: str) -> int | None:
        value: int | None = self._TYPES[name].read(given, name) if given.given(name) else None
        return value

    def _either(self, given: Fields, name: str, other: str) -> int | None:
        """Of two fields that say the same one may be there."""
        if given.given(name) and given.given(other):
            given.refuse(other, f"says the same as {name}: give one of them")
        return self._read(given, name if given.given(name) else other)

    def write(self, value: CallArguments) -> Json:
        given = {"cpu": value.target, "mask": value.mask, "vector": value.vector, "wait": value.wait}
        return {name: self._TYPES[name].write(one) for name, one in given.items() if one is not None}

    def schema(self) -> Schema:
        properties = {name: described(one, True if one is _WAIT else MISSING) for name, one in self._TYPES.items()}
        return {"type": "object", "properties": properties, "additionalProperties": False}


_CALL_FIELDS = (
    Field("cpu", Cpu()),
    Field("function", named(GUEST_FUNCTIONS)),
    Field("arguments", _Arguments(), optional=True),
)
#: The field of ``arguments`` by which a form gives each argument of a guest function: one CPU is a mask, too.
_FORM_FIELDS = {Argument.TARGET: "cpu", Argument.MASK: "cpu", Argument.VECTOR: "vector"}


_CALL_LINE = Line(
    "call",
    (
        OneCpu("CPU", "the CPU that calls", ("cpu",)),
        GuestFunctionName("FUNCTION", "a function of the kernel", ("function",)),
    ),
    (
        TargetGiven("TO", "the targets, such as 2 or 0-3,7, or others", ("to", "arguments.cpu", "arguments.cpus")),
        VectorGiven("VECTOR", "hexadecimal, or by the kernel's name", ("vector",)),
        mark("nowait", "arguments.wait", False, True, "does not wait until the others are done"),
        named_part(OneCpu("CPU", "one target", ("arguments.cpu",)), "target", Rare),
        named_part(CpuSet("CPUS", "a mask of targets", ("arguments.cpus",)), "mask", Rare),
        named_part(VectorNumber("HEX", "a vector", ("arguments.vector",)), "vector", Rare),
    ),
    example="call 1 smp_call_function",
    join=join_call,
    split=split_call,
)


def form_fields(taken: Iterable[Argument]) -> list[str]:
    """The fields of a form that give the arguments *taken*."""
    return list(dict.fromkeys(f"arguments.{_FORM_FIELDS[argument]}" for argument in taken))


@dataclass(frozen=True, slots=True)
class CallGuest(Stimulus):
    """The guest on *cpu* calls one of its functions. What an argument of None means is the function's matter."""

    kind = "call_guest"
    description = (
        "The guest on the CPU calls one of its functions. Arguments, where the function has them: cpu or cpus or mask "
        "(the targets), vector, wait."
    )
    lines: ClassVar[tuple[Line, ...]] = (_CALL_LINE,)

    cpu: int
    function: str
    target: int | None = None
    #: CPUs as bits.
    mask: int | None = None
    vector: int | None = None
    wait: bool = True

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        return _CALL_FIELDS

    @classmethod
    def _of(cls, values: dict[str, Any]) -> Self:
        return cls(values["cpu"], values["function"], *values["arguments"])

    def _values(self) -> dict[str, Any]:
        return {"cpu": self.cpu, "function": self.function, "arguments": self.arguments}

    @property
    def arguments(self) -> CallArguments:
        """What the function is called with."""
        return CallArguments(self.target, self.mask, self.vector, self.wait)

    def note_misfits(self, given: Fields) -> None:
        refusal = GUEST_FUNCTIONS[self.function].refuses_caller
        if refusal and self.target == self.cpu:
            given.refuse("arguments.cpu", refusal.format(cpu=self.cpu))

    @classmethod
    def of_form(cls, form: Mapping[str, Any]) -> Mapping[str, Any]:
        function = GUEST_FUNCTIONS.get(form.get("function", ""))
        if function is None or function.form is None or "arguments" not in form:
            return form
        taken = {_FORM_FIELDS[argument] for argument in function.form}
        return {**form, "arguments": {name: each for name, each in form["arguments"].items() if name in taken}}

    @property
    def words(self) -> str:
        given = [
            f"cpu {self.target}" if self.target is not None else "",
            f"mask {self.mask:#x}" if self.mask is not None else "",
            f"{self.vector:#04x}" if self.vector is not None else "",
        ]
        return f"CPU {self.cpu} calls {self.function}({', '.join(word for word in given if word)})"

    @property
    def writes_icr(self) -> bool:
        return GUEST_FUNCTIONS[self.function].writes_icr

    def misfit(self, *, x2apic: bool, kernel: Generation | None = None) -> Refusal | None:
        if kernel is None or self.function in kernel.functions:
            return None
        return Refusal(f"{kernel.name} has no {self.function}", "function")

    def refusal(self, simulation: Simulation) -> Refusal | None:
        backend = simulation.execution.backend
        misfit = self.misfit(x2apic=backend.x2apic, kernel=backend.generation)
        return misfit or _too_many_calls(simulation, self.cpu)

    def perform(self, simulation: Simulation) -> None:
        simulation.call(self.cpu, GuestCall(self.function, self.arguments))

    def done_words(self, circumstances: Circumstances) -> str:
        return f"CPU {self.cpu} has been told to call {self.function}().{circumstances.later}"


GuestCommand = SendIpi | CallGuest
