"""The kinds of event that a stream carries: each has a mark and words, and says whether something went wrong."""

from enum import Enum
from typing import NamedTuple

from app.engine import events as engine
from app.hw import events as hw


class Ending(Enum):
    """What a kind of event is to the message, the line or the access that it tells of."""

    GOES_ON = "goes_on"
    #: It ended here otherwise than by acceptance: people look for it where it happened.
    ENDED = "ended"


class EventKind(NamedTuple):
    """*glyph* stands before its lines; *words* say what the glyph means."""

    glyph: str
    words: str
    ending: Ending = Ending.GOES_ON


_ENDED = Ending.ENDED

#: By the name that stands in a record.
EVENT_KINDS: dict[str, EventKind] = {
    "sent": EventKind("↗", "a message leaves"),
    "send_refused": EventKind("✕", "nothing is sent", _ENDED),
    "questioned": EventKind("‼", "sent, against the manual"),
    "accepted": EventKind("◇", "requested"),
    "merged": EventKind("◈", "requested already: two become one"),
    "refused": EventKind("⊘", "dropped by its target", _ENDED),
    "retried": EventKind("↻", "no room: the bus tries again", _ENDED),
    "no_target": EventKind("∅", "reaches nobody", _ENDED),
    "acknowledged": EventKind("■", "taken"),
    "spurious": EventKind("?", "spurious vector"),
    "end_of_interrupt": EventKind("□", "end of interrupt"),
    "nmi": EventKind("!", "NMI taken"),
    "smi": EventKind("⇓", "SMI taken"),
    "init": EventKind("↺", "reset by INIT"),
    "startup": EventKind("↑", "started"),
    "mode": EventKind("◐", "another APIC mode"),
    "source_dropped": EventKind("⦸", "a local source is cut off", _ENDED),
    "register_fault": EventKind("⚠", "a register was used wrongly", _ENDED),
    "error": EventKind("‽", "an error is noticed", _ENDED),
    "returned": EventKind("↩", "returns"),
    "pin": EventKind("⊓", "a line changes"),
    "pin_silent": EventKind("⊔", "a line changes, and nothing is sent", _ENDED),
    "backend": EventKind("⇄", "another back end"),
    "interrupt_flag": EventKind("◑", "interrupts on or off"),
    "call": EventKind("ƒ", "a guest function begins or ends"),
    "handler": EventKind("→", "a handler begins"),
    "exit": EventKind("↧", "leaves the guest"),
    "leak": EventKind("⤓", "an access past the override"),
    "command": EventKind("▸", "done from outside"),
}

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
    hw.LineStillUp: "pin",
    hw.LegacyLineChanged: "pin",
    hw.LintChanged: "pin",
    hw.InterruptFlagChanged: "interrupt_flag",
    hw.InterruptsHeldOff: "interrupt_flag",
    engine.CallStarted: "call",
    engine.CallFinished: "call",
    engine.HandlerEntered: "handler",
    engine.HandlerReturned: "returned",
    engine.GuestExited: "exit",
    engine.AccessLeaked: "leak",
    engine.BackendSwitched: "backend",
    engine.RegisterSet: "command",
}


def kind_of(event: engine.Event) -> str:
    """The name of *event*'s kind, a key of ``EVENT_KINDS``."""
    if isinstance(event, hw.PinChanged) and event.reason is not None:
        return "pin_silent"
    return _KINDS[type(event)]
