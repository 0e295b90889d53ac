"""What a CPU's guest is told to do: to write an interrupt command, or to call one of its functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from app.commands.command import Circumstances, Json, Refusal, Stimulus
from app.commands.field_types import Choice, CpuNumber, FieldType, Flag, Whole, named
from app.commands.fields import MISSING, Fields
from app.engine.guest_calls import ICR_WRITE, GuestCall
from app.engine.simulation import Simulation
from app.guest.apic_ops import Generation
from app.guest.functions import Argument, CallArguments
from app.guest.generations import GUEST_FUNCTIONS
from app.x86.icr import X2APIC_DESTINATION, DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
from app.x86.words import interrupt_words

_MOST_CALLS = 64

_VECTOR = Whole(0, 255)
_WAIT = Flag()


def _too_many_calls(simulation: Simulation, cpu: int) -> Refusal | None:
    """What would let a CPU's queue grow for ever while time stands still is refused; None while there is room."""
    if len(simulation.processors[cpu].calls) < _MOST_CALLS:
        return None
    return Refusal(f"{_MOST_CALLS} calls wait on CPU {cpu} already; let time run")


class _Level:
    """The level bit of ICR, which JSON has as true (assert) or false (de-assert)."""

    def read(self, fields: Fields, name: str, default: int) -> int:
        return int(fields.boolean(name, bool(default)))

    def write(self, value: int) -> bool:
        return bool(value)


#: The fields of an interrupt command in JSON, each with its default.
_ICR_FIELDS: dict[str, tuple[FieldType[Any], Any]] = {
    "vector": (_VECTOR, MISSING),
    "delivery_mode": (
        Choice(
            {
                "fixed": DeliveryMode.FIXED,
                "lowest_priority": DeliveryMode.LOWEST_PRIORITY,
                "smi": DeliveryMode.SMI,
                "nmi": DeliveryMode.NMI,
                "init": DeliveryMode.INIT,
                "startup": DeliveryMode.STARTUP,
            }
        ),
        DeliveryMode.FIXED,
    ),
    "destination_mode": (Choice({mode.name.lower(): mode for mode in DestinationMode}), DestinationMode.PHYSICAL),
    "shorthand": (Choice({shorthand.name.lower(): shorthand for shorthand in Shorthand}), Shorthand.NONE),
    "destination": (Whole(0, X2APIC_DESTINATION.highest), 0),
    "level": (_Level(), 1),
    "trigger_mode": (Choice({mode.name.lower(): mode for mode in TriggerMode}), TriggerMode.EDGE),
}


@dataclass(frozen=True, slots=True)
class SendIpi(Stimulus):
    """The guest on *cpu* writes this interrupt command through its back end."""

    kind = "send_ipi"
    description = (
        "The guest on the CPU sends this interrupt command through its back end. The destination has 8 bits, and 32 "
        "where the guest has its APIC in x2APIC mode."
    )

    cpu: CpuNumber
    icr: Icr

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        return ("cpu", *_ICR_FIELDS)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        cpu = fields.cpu("cpu")
        icr = {name: kind.read(fields, name, default) for name, (kind, default) in _ICR_FIELDS.items()}
        return cls(cpu, Icr(**icr))

    def _fields_to_json(self) -> Json:
        icr = {name: kind.write(getattr(self.icr, name)) for name, (kind, _) in _ICR_FIELDS.items()}
        return {"cpu": self.cpu, **icr}

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
        return f"CPU {self.cpu} has been told to send {what}.{circumstances.later}"


_FUNCTION = named(GUEST_FUNCTIONS)
#: The field of ``arguments`` by which a form gives each argument of a guest function: one CPU is a mask, too.
_FORM_FIELDS = {Argument.TARGET: "cpu", Argument.MASK: "cpu", Argument.VECTOR: "vector"}


@dataclass(frozen=True, slots=True)
class CallGuest(Stimulus):
    """The guest on *cpu* calls one of its functions. What an argument of None means is the function's matter."""

    kind = "call_guest"
    description = (
        "The guest on the CPU calls one of its functions. Arguments, where the function has them: cpu or cpus or mask "
        "(the targets), vector, wait."
    )

    cpu: int
    function: str
    target: int | None = None
    #: CPUs as bits.
    mask: int | None = None
    vector: int | None = None
    wait: bool = True

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        return ("cpu", "function", "arguments")

    @classmethod
    def read(cls, fields: Fields) -> Self:
        arguments = fields.nested("arguments")
        arguments.only(("cpu", "target", "cpus", "mask", "vector", "wait"))
        call = cls(
            fields.cpu("cpu"),
            _FUNCTION.read(fields, "function", MISSING),
            _target(arguments),
            arguments.mask(),
            _VECTOR.read(arguments, "vector", MISSING) if arguments.given("vector") else None,
            _WAIT.read(arguments, "wait", True),
        )
        refusal = GUEST_FUNCTIONS[call.function].refuses_caller
        if refusal and call.target == call.cpu:
            arguments.refuse("cpu", refusal.format(cpu=call.cpu))
        return call

    @classmethod
    def of_form(cls, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        function = GUEST_FUNCTIONS.get(fields.get("function", ""))
        if function is None or function.form is None or "arguments" not in fields:
            return fields
        taken = {_FORM_FIELDS[argument] for argument in function.form}
        return {**fields, "arguments": {name: each for name, each in fields["arguments"].items() if name in taken}}

    def _fields_to_json(self) -> Json:
        given = {"cpu": self.target, "mask": self.mask, "vector": self.vector}
        arguments = {name: value for name, value in given.items() if value is not None} | {"wait": self.wait}
        return {"cpu": self.cpu, "function": _FUNCTION.write(self.function), "arguments": arguments}

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
        arguments = CallArguments(self.target, self.mask, self.vector, self.wait)
        simulation.call(self.cpu, GuestCall(self.function, arguments))

    def done_words(self, circumstances: Circumstances) -> str:
        return f"CPU {self.cpu} has been told to call {self.function}().{circumstances.later}"


def _target(arguments: Fields) -> int | None:
    """The CPU that a function is aimed at: ``cpu``, or ``target`` where ``cpu`` would be the caller."""
    name = "target" if arguments.given("target") else "cpu"
    if name == "target" and arguments.given("cpu"):
        arguments.refuse("cpu", "says the same as target: give one of them")
    return arguments.cpu(name) if arguments.given(name) else None


GuestCommand = SendIpi | CallGuest
