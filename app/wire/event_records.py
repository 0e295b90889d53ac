"""Events as the stream carries them: numbered, timed, with one sentence each."""

from typing import TypedDict

from app.guest.linux_2_6_22.irq_vectors import VECTOR_NAMES
from app.hw import events as hw
from app.hw.messages import EoiBroadcast, Origin
from app.sim import events as sim
from app.wire.words import Names, event_words


class EventRecord(TypedDict):
    """One event of the stream."""

    n: int
    time: int
    kind: str
    cpu: int | None
    vector: int | None
    message: int | None
    text: str


_KINDS: dict[type, str] = {
    hw.MessageSent: "sent",
    hw.SendRefused: "send_refused",
    hw.CommandQuestioned: "questioned",
    hw.MsiIgnored: "send_refused",
    hw.Accepted: "accepted",
    hw.Merged: "merged",
    hw.Refused: "refused",
    hw.Retried: "retried",
    hw.NoTarget: "no_target",
    hw.Acknowledged: "acknowledged",
    hw.EventTaken: "acknowledged",
    hw.SpuriousDelivered: "spurious",
    hw.InterruptEnded: "end_of_interrupt",
    hw.EoiBroadcastSuppressed: "end_of_interrupt",
    hw.EoiWithoutInterrupt: "end_of_interrupt",
    hw.NmiTaken: "nmi",
    hw.SmiTaken: "smi",
    hw.SmmLeft: "returned",
    hw.ExternalAcknowledged: "acknowledged",
    hw.InitPerformed: "init",
    hw.Started: "startup",
    hw.ApicModeChanged: "mode",
    hw.LocalSourceDropped: "source_dropped",
    hw.MsrFaulted: "register_fault",
    hw.RegisterFaulted: "register_fault",
    hw.WriteIgnored: "register_fault",
    hw.EntryWriteIgnored: "register_fault",
    hw.ErrorNoticed: "error",
    hw.PinChanged: "pin",
    hw.LegacyLineChanged: "pin",
    hw.LintChanged: "pin",
    hw.InterruptFlagChanged: "interrupt_flag",
    hw.InterruptsHeldOff: "interrupt_flag",
    sim.CallStarted: "call",
    sim.CallFinished: "call",
    sim.HandlerEntered: "handler",
    sim.HandlerReturned: "returned",
    sim.GuestExited: "exit",
    sim.AccessLeaked: "leak",
    sim.BackendSwitched: "backend",
    sim.RegisterSet: "command",
}


def event_record(number: int, time: int, event: sim.Event, names: Names = VECTOR_NAMES) -> EventRecord:
    """The record of *event*, number *number* of its session; *names* are what its kernel calls the vectors."""
    message = getattr(event, "message", None)
    vector = getattr(event, "vector", None)
    cpu = getattr(event, "cpu", None)
    if isinstance(event, hw.MessageSent):
        sent = event.message
        message, vector = sent.number, sent.vector
        from_cpu = isinstance(sent, EoiBroadcast) or sent.origin is Origin.IPI
        cpu = sent.source if from_cpu else None
    return {
        "n": number,
        "time": time,
        "kind": _KINDS[type(event)],
        "cpu": cpu,
        "vector": vector,
        "message": message,
        "text": event_words(event, names),
    }
