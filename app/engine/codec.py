"""Values of the model as plain ones, which JSON can carry, and back.

Small numbers, truth values and None stay what they are, and lists stay lists. A text is ``=text``, a number that a
browser could not hold ``0x…``, a set of vectors ``#…``, a member of an enum ``Class.MEMBER``, what lies in the guest's
memory ``@`` and its address. Of everything else the class stands in front: ``{"InterruptMessage": [1, …]}``.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum, Flag
from functools import lru_cache
from inspect import getmembers, isclass
from operator import attrgetter
from typing import Any

from app.backends.backend import Backend, BackendDefinition, Found
from app.backends.catalogue import BACKENDS
from app.engine import frames, processor
from app.engine.endings import MAY_END
from app.engine.guest_calls import GuestCall
from app.engine.processor import Frame
from app.engine.programs import Point
from app.guest import host_steps, steps
from app.guest.apic_ops import KernelState
from app.guest.functions import CallArguments
from app.guest.memory import CallSingleData, CallSingleQueue, Word
from app.hw import cpu, event, messages
from app.x86 import icr, lvt, model_specific_registers, registers
from app.x86.registers import Register
from app.x86.vectors import VectorBitmap

#: What JSON can carry.
Plain = Any
#: Numbers beyond are texts: a browser has no others.
_LARGEST = 2**53 - 1
_MODULES = (steps, host_steps, messages, cpu, event, processor, frames, icr, lvt, model_specific_registers, registers)
_REQUEST = re.compile(r"csd\[(\d+)\]\[(\d+)\](\.lock)?")


class NotRecordable(ValueError):
    """What is under way was begun past the guest, by a measurement say: nothing can make it anew."""


def value_classes() -> list[type]:
    """Every named tuple and enum that a state may hold."""
    found = [
        kind
        for module in _MODULES
        for _, kind in getmembers(module, isclass)
        if issubclass(kind, tuple | Enum) and not issubclass(kind, Flag) and kind.__module__ == module.__name__
    ]
    return [*found, Found, GuestCall, CallArguments]


_CLASSES: dict[str, Any] = {kind.__name__: kind for kind in value_classes()}
_EVENTS: dict[str, type[event.Event]] = {kind.__name__: kind for kind in MAY_END}
_MEMBERS: dict[str, Enum] = {
    f"{name}.{member.name}": member for name, kind in _CLASSES.items() if issubclass(kind, Enum) for member in kind
}


@lru_cache
def _values_of(kind: Any, names: tuple[str, ...]) -> Callable[[object], tuple[Any, ...]]:
    get = attrgetter(*names)
    return (lambda part: (get(part),)) if len(names) == 1 else get


def state_of(part: object) -> list[Plain]:
    """What STATE names, in its order."""
    kind: Any = type(part)
    return encode_all(_values_of(kind, kind.STATE)(part)) if kind.STATE else []


# To plain values


def encode(value: Any) -> Plain:
    """*value* as a plain one. KeyError for what no state holds, NotRecordable for a frame that cannot be made anew."""
    kind = type(value)
    if kind is int:
        return value if -_LARGEST <= value <= _LARGEST else hex(value)
    return value if value is None or kind is bool else _ENCODERS[kind](value)


def encode_all(values: Iterable[Any]) -> list[Plain]:
    """The same for each of *values*."""
    return [
        value if value is None or (type(value) is int and -_LARGEST <= value <= _LARGEST) else encode(value)
        for value in values
    ]


def _named(value: Any) -> Plain:
    return {type(value).__name__: encode_all(value)}


def _step(value: Any) -> Plain:
    """A register is its offset: equal steps are kept and used again, and whether the first of them said it by its name
    is chance."""
    return {type(value).__name__: encode_all(int(part) if type(part) is Register else part for part in value)}


def _event(value: event.Event) -> Plain:
    """As for a step."""
    parts = vars(value).values()
    return {type(value).__name__: encode_all(int(part) if type(part) is Register else part for part in parts)}


@lru_cache
def _backend(backend: Backend) -> Plain:
    definition: BackendDefinition | None = BACKENDS.get(backend.name)
    while definition is not None and definition is not backend.definition:
        definition = definition.lesser
    if definition is None:
        raise NotRecordable(f"this {backend.name} is not of the catalogue")
    return {"Backend": [f"={backend.name}", *(f"={lacking}" for lacking in definition.lacks)]}


def _frame(frame: Frame) -> Plain:
    if frame.code is None:
        raise NotRecordable(f"{frame.name} was begun past the guest")
    return {"Frame": [frame.spin is not None, *state_of(frame)]}


def _point(point: Point) -> Plain:
    """How its code came there, and where it stands: that is all."""
    return {"Point": [encode_all(point.replies), encode(point.yielded)]}


def _encoders() -> dict[type, Callable[[Any], Plain]]:
    encoders: dict[type, Callable[[Any], Plain]] = {}
    for name, kind in _CLASSES.items():
        if issubclass(kind, Enum):
            encoders[kind] = {member: f"{name}.{member.name}" for member in kind}.__getitem__
        else:
            encoders[kind] = _step if kind.__module__ in (steps.__name__, host_steps.__name__) else _named
    return (
        encoders
        | dict.fromkeys(_EVENTS.values(), _event)
        | {
            str: lambda value: f"={value}",
            list: encode_all,
            deque: lambda value: {"deque": encode_all(value)},
            tuple: lambda value: {"tuple": encode_all(value)},
            set: lambda value: {"set": encode_all(sorted(value))},
            dict: lambda value: {"dict": [encode_all(pair) for pair in value.items()]},
            VectorBitmap: lambda value: f"#{value.bits:x}",
            Word: lambda value: f"@{value.address}",
            CallSingleData: lambda value: f"@{value.address}",
            CallSingleQueue: lambda value: f"@{value.name}",
            Backend: _backend,
            Frame: _frame,
            Point: _point,
        }
    )


_ENCODERS = _encoders()


# And back


class Decoder:
    """Makes values of plain ones. What lies in memory is of *kernel*."""

    def __init__(self, kernel: KernelState | None = None) -> None:
        self._kernel = kernel
        self._memory: dict[str, Word | CallSingleQueue] = {}
        if kernel is not None:
            self._memory.update({word.address: word for word in kernel.words()})
            self._memory.update({queue.name: queue for queue in kernel.call_single_queues})

    def decode(self, plain: Plain) -> Any:
        """The value. KeyError or ValueError for what is none."""
        match plain:
            case str():
                return self._of_text(plain)
            case list():
                return [self.decode(part) for part in plain]
            case dict():
                ((name, parts),) = plain.items()
                return self._of_class(name, parts)
            case _:
                return plain

    def restore(self, part: object, plain: list[Plain]) -> None:
        """Gives *part* the state that ``state_of`` told."""
        kind: Any = type(part)
        for name, value in zip(kind.STATE, plain, strict=True):
            setattr(part, name, value if type(value) is int or value is None else self.decode(value))

    def _of_text(self, text: str) -> Any:
        match text[0]:
            case "=":
                return text[1:]
            case "#":
                return VectorBitmap(int(text[1:], 16))
            case "@":
                return self.at(text[1:])
            case "0" | "-":
                return int(text, 16)
            case _:
                return _MEMBERS[text]

    def at(self, address: str) -> Any:
        """What lies there. KeyError when nothing does."""
        request = _REQUEST.fullmatch(address)
        if request is None or self._kernel is None:
            return self._memory[address]
        source, target, lock = request.groups()
        found = self._kernel.cfd_data[int(source)].request_to(int(target))
        return found.lock if lock else found

    def _of_class(self, name: str, parts: list[Plain]) -> Any:
        match name:
            case "deque":
                return deque(map(self.decode, parts))
            case "tuple":
                return tuple(map(self.decode, parts))
            case "set":
                return set(map(self.decode, parts))
            case "dict":
                return {self.decode(key): self.decode(value) for key, value in parts}
            case "Backend":
                return self._backend(*map(self.decode, parts))
            case "Frame":
                return self._frame(*parts)
            case "Point":
                replies, yielded = map(self.decode, parts)
                return Point(None, reached=tuple(replies), yielded=yielded)
            case _:
                return (_EVENTS.get(name) or _CLASSES[name])(*map(self.decode, parts))

    def _backend(self, name: str, *lacks: str) -> Backend:
        assert self._kernel is not None
        definition: BackendDefinition | None = BACKENDS[name]
        while definition is not None and definition.lacks != lacks:
            definition = definition.lesser
        if definition is None:
            raise KeyError(f"no {name} lacks {', '.join(lacks)} alone")
        return definition.bind(self._kernel.generation)

    def _frame(self, spins: bool, *state: Plain) -> Frame:
        """Without its code, which ``frames.rebuild`` makes."""
        frame = Frame.__new__(Frame)
        self.restore(frame, list(state))
        frame.spin = frame.guest.yielded if spins else None  # it waits there
        return frame
