"""The words that a guest without an APIC shares with Xen, put into words for people (Xen ``public/xen.h``)."""

from collections.abc import Iterable

from app.hw.event_channels import WORD_BITS, EventChannels
from app.state.shapes import SharedWord

_WORDS = 256 // WORD_BITS
_MOST_LISTED = 6

#: What each is for, by Xen's name.
SHARED_WORDS = {
    "evtchn_upcall_pending": "Set with the first event that is not masked; the guest clears it when its upcall "
    "begins to look.",
    "evtchn_upcall_mask": "The interrupt flag of this guest, inverted: while it is 1 no upcall comes.",
    "evtchn_pending_sel": "For each CPU a bit for each word of 64 ports: which words the upcall has to look into.",
    "evtchn_pending": "A bit for each port, set by the hypervisor and cleared by the guest when it handles the event. "
    "The lowest port goes first.",
    "evtchn_mask": "A bit for each port: while it is set, the port may be pending and calls nobody up.",
}


def shared_word_rows(channels: EventChannels, interrupt_flag: bool) -> list[SharedWord]:
    """Each word: Xen's name, its value, what that means now. ``short`` and ``short_value`` are for a card, which has
    room for four rows: the two words of the upcall share one."""
    upcall = f"{int(channels.upcall_pending)}"
    pending, masked, selector = _listed(channels.pending), _listed(channels.masked), f"{channels.selector:#x}"
    news = "something is new" if channels.upcall_pending else "nothing is new"
    flag = "upcalls come" if interrupt_flag else "interrupts are off"
    return [
        _row("evtchn_upcall_pending", upcall, news, "upcall", upcall if interrupt_flag else f"{upcall}, off"),
        _row("evtchn_upcall_mask", f"{int(not interrupt_flag)}", flag),
        _row("evtchn_pending_sel", selector, _selected(channels.selector), "selector", selector),
        _row("evtchn_pending", pending, "", "pending", pending),
        _row("evtchn_mask", masked, "", "mask", masked),
    ]


def _row(name: str, value: str, words: str, short: str = "", short_value: str = "") -> SharedWord:
    return {"name": name, "value": value, "words": words, "short": short, "short_value": short_value}


def _listed(ports: Iterable[int]) -> str:
    numbers = list(ports)
    if not numbers:
        return "none"
    more = f" and {len(numbers) - _MOST_LISTED} more" if len(numbers) > _MOST_LISTED else ""
    return " ".join(f"{port:02x}" for port in numbers[:_MOST_LISTED]) + more


def _selected(selector: int) -> str:
    words = [word for word in range(_WORDS) if selector >> word & 1]
    if not words:
        return "no word to look into"
    ranges = (f"{word * WORD_BITS:02x}–{word * WORD_BITS + WORD_BITS - 1:02x}" for word in words)
    return f"ports {', '.join(ranges)}"
