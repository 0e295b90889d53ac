"""What happened above the hardware, in the past tense."""

from typing import NamedTuple

from app.hw import events as hw


class CallStarted(NamedTuple):
    """The guest on *cpu* began a function that somebody asked for."""

    cpu: int
    function: str
    backend: str


class CallFinished(NamedTuple):
    """It returned."""

    cpu: int
    function: str


class HandlerEntered(NamedTuple):
    """The gate of *vector* led to *function*."""

    cpu: int
    vector: int
    function: str


class HandlerReturned(NamedTuple):
    """IRET. *vector* is None for an NMI."""

    cpu: int
    vector: int | None


class GuestExited(NamedTuple):
    """A CPU left the guest for the hypervisor."""

    cpu: int
    reason: str


class AccessLeaked(NamedTuple):
    """*function* read an APIC register by plain dereference, past the ``apic_read`` that the back end has replaced."""

    cpu: int
    register: int
    function: str


class BackendSwitched(NamedTuple):
    """From now on, what begins goes through *backend*."""

    backend: str


class RegisterSet(NamedTuple):
    """Somebody outside wrote a register."""

    cpu: int
    register: int
    value: int


Event = (
    hw.Event
    | CallStarted
    | CallFinished
    | HandlerEntered
    | HandlerReturned
    | GuestExited
    | AccessLeaked
    | BackendSwitched
    | RegisterSet
)
