"""All words, marks and bit positions that a page needs to show the model: it has none of its own."""

from collections.abc import Mapping
from typing import Any

from app.engine.events import EVENT_KINDS
from app.engine.waits import Window
from app.state.shared_words import SHARED_WORDS
from app.x86.bitfields import Layout
from app.x86.icr import X2APIC_ICR, XAPIC_ICR

#: What a register is for, by the name that the page gives it.
REGISTERS = {
    "TPR": "Task priority: software holds back all vectors of this class and below.",
    "PPR": "Processor priority: the higher of the task priority's class and the class of the highest vector in "
    "service. Only a higher class gets through.",
    "ESR": "Error status: what the APIC found wrong since software last cleared it.",
    "SVR": "Spurious interrupt vector; bit 8 switches the local APIC on.",
    "LDR": "Logical destination: the bits (flat) or cluster this CPU answers to in logical mode.",
    "DFR": "Destination format: flat (one bit for each CPU) or cluster.",
    "ICR": "Interrupt command: writing its low half sends an interprocessor interrupt.",
    "timer": "The local APIC timer.",
}

#: What a vector's cell shows, each in the order in which it is said.
CELL_WORDS = {
    "illegal": "illegal vector",
    "exception": "kept for exceptions",
    "idle": "not requested",
    "requested": "requested, waits",
    "serving": "in service",
    "again": "requested again, waits",
    "coalesced": "asked for again while it waited, so requests became one",
    "level": "level-triggered",
    "port_idle": "not pending",
    "port_pending": "pending",
    "port_masked": "masked",
    "port_handler": "its handler runs",
    "port_level": "level-triggered: ends by hypercall",
}

#: The marks of the picture, by the bits that they show; the help explains them with the picture's own code.
MARKS = (
    (("irr",), "requested (IRR); a pending port"),
    (("isr",), "in service (ISR)"),
    (("irr", "isr"), "in service, and requested again"),
    (("irr", "tmr"), "level-triggered (TMR)"),
    (("irr", "twice"), "requested again while it waited: the requests became one"),
    (("irr", "masked"), "pending, and the port is masked"),
    (("coming",), "on its way here"),
)
#: Says of a requested vector that there was more than one request: how many is nowhere kept, nor in the hardware.
COALESCED_MARK = "2+"

#: Vectors that no interrupt may have, and those of exceptions: (first, last, which of CELL_WORDS).
RESERVED_VECTORS = ((0, 15, "illegal"), (16, 31, "exception"))

#: What each state of a CPU's interrupt window means, and what a press of its switch does.
WINDOW_WORDS = {
    Window.OPEN: "Interrupts are on. Press to hold them off.",
    Window.GATE: "Interrupts are off: the gate closed behind what is being handled, and its STI or IRET opens it. "
    "Press to hold them off beyond that.",
    Window.CODE: "Interrupts are off: the code that runs turned them off, and turns them on again. Press to hold them "
    "off beyond that.",
    Window.HELD: "Interrupts are held off by hand until you let go. Press to let go.",
}

RUN_STATES = {"running": "running", "halted": "halted", "wait_for_sipi": "waits for SIPI"}

#: A message's face where it bears no vector of its own; ``{}`` is the vector's two digits.
FACES = {"nmi": "NMI", "smi": "SMI", "init": "INIT", "startup": "SIPI {}", "extint": "ExtINT"}

#: Who sends, by the kind of a message under way.
SENDERS = {
    "ipi": "IPI",
    "io_apic": "from the I/O APIC",
    "msi": "MSI",
    "hypervisor": "sent by the hypervisor",
    "event_channel": "event for port",
    "eoi_broadcast": "EOI broadcast",
}

#: A pin of the I/O APIC in a sentence; braces hold keys of its state, ``{up}`` one of ``raised`` and ``low``.
PIN_WORDS = {
    "masked": "Pin {pin}, {up}, masked: raising it reaches nobody.",
    "open": "Pin {pin}, {up}, {trigger_mode}-triggered: {delivery_mode} {vector} to {destination_mode} {destination}.",
    "remote_irr": "Accepted; waits for an EOI.",
    "raised": "raised",
    "low": "low",
}

#: Which delivery modes put a vector into IRR when they arrive.
VECTOR_MODES = ("fixed", "lowest_priority")


def vocabulary(names: Mapping[int, str]) -> dict[str, Any]:
    """Everything, as JSON values; *names* are what the session's kernel calls its vectors."""
    return {
        "names": {str(vector): name for vector, name in names.items()},
        "events": {
            name: {"glyph": kind.glyph, "words": kind.words, "ended": kind.ended} for name, kind in EVENT_KINDS.items()
        },
        "icr": {"xapic": layout_json(XAPIC_ICR), "disabled": layout_json(XAPIC_ICR), "x2apic": layout_json(X2APIC_ICR)},
        "registers": REGISTERS,
        "shared_words": SHARED_WORDS,
        "cells": CELL_WORDS,
        "marks": [{"bits": bits, "words": words} for bits, words in MARKS],
        "coalesced": COALESCED_MARK,
        "reserved": RESERVED_VECTORS,
        "run_states": RUN_STATES,
        "windows": {window.value: words for window, words in WINDOW_WORDS.items()},
        "faces": FACES,
        "senders": SENDERS,
        "pins": PIN_WORDS,
        "vector_modes": VECTOR_MODES,
    }


def layout_json(layout: Layout) -> list[dict[str, Any]]:
    """A register's fields, the highest bits first, as a ruler shows them."""
    return [
        {
            "name": field.name,
            "high": field.high,
            "low": field.low,
            "bits": field.bits,
            "radix": 2 if field.is_narrow else 16,
            "places": len(field.digits(0)),
            "values": field.values,
            "meaning": field.meaning,
        }
        for field in sorted(layout.fields, key=lambda field: -field.low)
    ]
