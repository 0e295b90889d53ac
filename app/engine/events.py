"""What can happen above the hardware, in the past tense, and the table of all events."""

from app.backends.catalogue import BACKENDS
from app.hw import events as hw
from app.hw.event import Event as Event
from app.hw.event import EventKind
from app.x86.words import VectorNames, register_words

_CALL = EventKind("call", "ƒ", "a guest function begins or ends")


class CallStarted(Event):
    """The guest on *cpu* began a function that somebody asked for."""

    usual_kind = _CALL
    cpu: int
    function: str
    backend: str

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} calls {self.function}() over {self.backend}."


class CallFinished(Event):
    """It returned."""

    usual_kind = _CALL
    cpu: int
    function: str

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} is back from {self.function}()."


class HandlerEntered(Event):
    """The gate of *vector* led to *function*."""

    usual_kind = EventKind("handler", "→", "a handler begins")
    cpu: int
    vector: int
    function: str

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} enters {self.function}() for {self.vector:#04x}."


class HandlerReturned(Event):
    """IRET. *vector* is None for an NMI."""

    usual_kind = hw.RETURNED
    cpu: int
    vector: int | None

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} returns from {'its NMI' if self.vector is None else f'{self.vector:#04x}'}."


class GuestExited(Event):
    """A CPU left the guest for the hypervisor."""

    usual_kind = EventKind("exit", "↧", "leaves the guest")
    cpu: int
    reason: str

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} leaves the guest: {self.reason}."


class AccessLeaked(Event):
    """*function* read an APIC register by plain dereference, past the ``apic_read`` that the back end has replaced."""

    usual_kind = EventKind("leak", "⤓", "an access past the override")
    cpu: int
    register: int
    function: str

    def words(self, names: VectorNames) -> str:
        read = f"{self.function}() reads {register_words(self.register)} by plain dereference, by-passes apic_read"
        return f"CPU {self.cpu}: a leaked access: {read}."


class BackendSwitched(Event):
    """From now on, what begins goes through *backend*."""

    usual_kind = EventKind("backend", "⇄", "another back end")
    backend: str

    def words(self, names: VectorNames) -> str:
        definition = BACKENDS.get(self.backend)  # a name may come from elsewhere
        if definition is not None and definition.event_channels:
            return f"The guest now has no APIC but event channels ({self.backend})."
        return f"The guest now reaches its APIC by {self.backend}."


class RegisterSet(Event):
    """Somebody outside wrote a register."""

    usual_kind = EventKind("command", "▸", "done from outside")
    cpu: int
    register: int
    value: int

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu}: {register_words(self.register)} is written from outside: {self.value:#x}."


#: Every event that a session can have: those of the hardware, and those above.
EVENTS: tuple[type[Event], ...] = (
    *hw.EVENTS,
    *(CallStarted, CallFinished, HandlerEntered, HandlerReturned, GuestExited, AccessLeaked),
    *(BackendSwitched, RegisterSet),
)
#: What they can be called, by the name that stands in a record of the stream.
EVENT_KINDS: dict[str, EventKind] = {kind.name: kind for event in EVENTS for kind in event.kinds()}
