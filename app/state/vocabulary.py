"""All words, marks and bit positions that a page needs to show the model: it has none of its own."""

from typing import Any, get_args

from app.breakpoints.words import words_json
from app.commands.lines import LOCAL_SOURCES
from app.commands.table import COMMAND_KINDS
from app.engine.events import EVENT_KINDS
from app.engine.waits import Window
from app.guest.generations import GENERATIONS
from app.guest.interrupt_wiring import PIN_NAMES
from app.guest.steps import Step
from app.hw.gates import (
    APIC_ON,
    AWAITED,
    FIRST,
    FLAG,
    IN_GUEST,
    NO_NMI,
    NO_UPCALL,
    PORT_UNMASKED,
    PRIORITY,
    SELECTOR,
    SHADOW,
    SMM,
    STARTED,
    UPCALL_MASK,
    UPCALL_PENDING,
    VIRTUAL_PRIORITY,
)
from app.hw.local_vector_table import LINT_REGISTERS
from app.score.event_spans import span_kind_of
from app.score.findings import FINDING_KINDS
from app.score.span_kinds import NAME_WORDS, SPAN_KINDS
from app.state.acts import ACT_SENTENCES, acts_json, usual_vectors
from app.state.layouts import layout_json, written_json
from app.state.shared_words import SHARED_WORDS
from app.state.snapshot import LVT_NAMES
from app.x86.icr import X2APIC_ICR, XAPIC_ICR
from app.x86.register_map import REGISTERS as REGISTER_MAP
from app.x86.registers import Register

#: The counters that the page shows (``engine/counters`` has more): name, what it is called, what it counts.
COUNTERS = (
    ("ipis_sent", "IPIs", "Interprocessor interrupts sent since the session began."),
    ("accesses", "accesses", "Reads and writes of APIC registers by the guest."),
    ("exits", "exits", "Times the guest was stopped and the hypervisor took over."),
    ("hypercalls", "hypercalls", "Times the guest called the hypervisor of its own accord."),
    (
        "cycles",
        "work cycles",
        "What all CPUs spent on interrupt work, by the cost sheet; idle time is not work.",
    ),
)
#: Those that count ways out of the guest.
CROSSINGS = ("exits", "hypercalls")

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

#: The registers that a card has room for, and those that the inspector lists: the manual's short names, which are the
#: state's in capitals.
CARD_REGISTERS = ("TPR", "PPR", "ESR", "ICR")
LISTED_REGISTERS = ("TPR", "PPR", "ESR", "SVR", "LDR", "DFR")

#: What a vector's cell shows, each in the order in which it is said.
CELL_WORDS = {
    "illegal": "illegal vector",
    "exception": "kept for exceptions",
    "idle": "not requested",
    "requested": "requested, waits",
    "serving": "in service",
    "again": "requested again, waits",
    "coalesced": "asked for {times} times, and the requests became one",
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
#: Says in the help that there was more than one request; in a picture stands how many, which no hardware keeps.
COALESCED_MARK = "×n"

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

#: Who keeps interrupts out, where there is room for a few words.
HOLDERS = {
    Window.OPEN: "",
    Window.GATE: "until STI or IRET",
    Window.CODE: "by the code that runs",
    Window.HELD: "held by hand",
}

#: What a gate is called at the end of a shelf, by its kind.
GATE_MARKS = {
    APIC_ON: "APIC off",
    STARTED: "SIPI",
    PRIORITY: "PPR",
    FLAG: "IF",
    SHADOW: "STI",
    FIRST: "not first",
    IN_GUEST: "in the host",
    VIRTUAL_PRIORITY: "VPPR",
    AWAITED: "SIPI",
    NO_UPCALL: "upcall",
    NO_NMI: "NMI",
    SMM: "SMM",
    PORT_UNMASKED: "masked",
    SELECTOR: "selector 0",
    UPCALL_PENDING: "upcall",
    UPCALL_MASK: "mask",
}

RUN_STATES = {"running": "running", "halted": "halted", "wait_for_sipi": "waits for SIPI"}

#: The entries of the local vector table by the state's names: what people call each, and what fires it from outside: a
#: pin, or a source.
LOCAL_TABLE: dict[str, dict[str, str | int | None]] = {
    name: {
        "called": name.upper() if register in LINT_REGISTERS else name,
        "pin": LINT_REGISTERS.index(Register(register)) if register in LINT_REGISTERS else None,
        "source": next((source for source, of in LOCAL_SOURCES.items() if of == register), None),
    }
    for register, name in LVT_NAMES.items()
}

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

#: The pins that a page shows before any has told anything: an edge or two, and levels.
USUAL_PINS = (1, 12, 16, 18)

#: A pin of the I/O APIC in a sentence; braces hold keys of its state, ``{up}`` one of ``raised`` and ``low``.
PIN_WORDS = {
    "masked": "Pin {pin}, {up}, masked: raising it reaches nobody.",
    "open": "Pin {pin}, {up}, {trigger_mode}-triggered: {delivery_mode} {vector} to {destination_mode} {destination}.",
    "remote_irr": "Accepted; waits for an EOI.",
    "raised": "raised",
    "low": "low",
}

#: What the page says of the machine with values of its state in the places of the braces.
SENTENCES = {
    "message": "{sender} {what}{from_cpu} to {targets}",
    "from_cpu": " from CPU {cpu}",
    "to_cpus": "CPU {cpus}",
    "to_io_apic": "the I/O APIC",
    "no_message": "{way}: no message is travelling",
    "messages": "{way}: {first} is travelling",
    "more_messages": "{way}: {first} is travelling, and {count} more",
    "bus": "APIC bus",
    "no_bus": "Between the CPUs",
    "plate_after_eoi": "{vector} {name}; its EOI is already sent",
    "switch": "Interrupts on CPU {cpu}",
    "cpu": "CPU {cpu}",
    "crossings": "hypervisor",
    "no_line": "all devices",
    "a_device": "a device",
    "no_cpu": "no CPU",
    "spans_here": "{count} spans here",
    "cycles": "{count} cycles",
    "time_unit": "TSC cycles",
    "not_run": "not yet run",
    "branch_ends": "this branch ends here",
    "shelves": "Shelves of CPU {cpu}",
    "port_shelves": "Shelves of ports of CPU {cpu}",
    "shelf": "Class {shelf}",
    "port_shelf": "Ports {shelf}0 to {shelf}f",
    "empty_shelf": "{shelf}, nothing",
    "chip_coming": "{vector} is on its way to CPU {cpu}.",
    "water_line": "PPR {ppr}",
    "both_lines": "PPR {ppr} = TPR",
    "task_line": "TPR {tpr}",
    "flag": "IF {value}",
    "upcall_flag": "mask {value}",
    "in_smm": "in SMM",
    "line_entry": "{vector} → {destination}",
    "line_logical": "l:{destination}",
    "line_masked": "masked",
    "remote_irr_mark": "R",
    "a_pin": "pin {pin}",
    "edit_pin": "Pin {pin}",
    "line_edit": "Redirection entry of pin {pin}: {words}",
    "legacy_line": "Line {line} of the 8259, {level}{request}",
    "legacy_requested": ", its request waits",
    "edit_local": "{title} of CPU {cpu}",
    "edit_timer": "Timer of CPU {cpu}",
    "edit_message": "Interrupt message of a device",
    "edit_whole": "whole word",
    "edit_write": "Write",
    "edit_send": "Send",
    "edit_field": "{called}, bits {bits}",
    "edit_not_sent": "No command has {called} {value}",
    "edit_too_large": "The field has bits {bits}: 0 to {highest}",
    "local_act_raise": "Raise {name} of CPU {cpu}",
    "local_act_lower": "Lower {name} of CPU {cpu}",
    "local_act_fire": "The source of {name} of CPU {cpu} fires once",
    "interrupted_by": "interrupted by {cause}",
    "tile": "CPU {cpu}: {words}",
    "tiles_handler": "in handlers",
    "tiles_wait": "wait",
    "tiles_closed": "interrupts off",
    "tiles_runs": "run a function",
    "tiles_absent": "off, or await SIPI",
    "tiles_idle": "idle",
    "taken_lately": "Interrupts taken in the last 10,000 cycles: {count}.",
    "mosaic_xapic": "A row holds 16 APIC IDs. At the right: interrupts taken in the last 10,000 cycles.",
    "mosaic_x2apic": "A row is an x2APIC cluster, a column a bit of its logical ID. At the right: interrupts taken in "
    "the last 10,000 cycles.",
    "arrives": "arrives {time}",
    "cpus_found": "{count} found",
    "term_unknown": "what is {term}?",
    "keep_open": "Keep CPU {cpu} open beside the mosaic",
    "dismiss": "Dismiss",
    "cpu_now": "CPU {cpu}: {activity}. {ppr}. {esr}.",
    "cpu_now_without_apic": "CPU {cpu}: {activity}. No APIC, event channels.",
    "cpu_waits": "CPU {cpu} {words}.",
    "no_apic": "no APIC",
    "apic_off": "APIC off",
    "apic": "APIC {id}",
    "port": "port {port} {words}",
    "vectors": "Vectors of CPU {cpu}",
    "ports": "Ports of CPU {cpu}",
    "local_entry": "Local vector table, {name}: what the APIC does with its own {name} interrupt.",
    "timer_runs": "timer runs",
    "registers": "Registers",
    "shared_words": "Words shared with the hypervisor",
    "no_function": "No guest function runs here now.",
    "no_function_recorded": "A recording does not tell which function ran.",
    "overridden": "overridden by {backend}",
    "trapped": "trapped: the hypervisor stands in",
    "pins_open": "A press raises a line, the next lowers it. Not masked: {pins}.",
    "pins_masked": "A press raises a line, the next lowers it. All pins are masked.",
    "polls_for_ever": "CPU {cpu} polls for ever",
    "acts_by_itself": "acts by itself",
    "something_waits": "something waits",
    "nothing_left": "nothing left to do",
    "many_events": "{count} events, {taken} interrupts taken. Last: {last}",
}

#: What the field that finds CPUs takes, and what it means. Priorities and vectors are hexadecimal, numbers of CPUs with
#: 0x only.
FINDS = (
    ("waits", "something waits there"),
    ("handler", "a handler runs, or a vector is in service"),
    ("runs", "a function runs, and no handler"),
    ("idle", "nothing to do"),
    ("closed", "interrupts do not come in"),
    ("absent", "APIC off, or waits for a start-up IPI"),
    ("if=0", "interrupts do not come in; 1: they do"),
    ("ppr>=d0", "PPR; also =, <=, > and <"),
    ("tpr>=20", "TPR"),
    ("rate>=3", "interrupts taken in the last 10,000 cycles"),
    ("irr=61", "the vector is requested"),
    ("isr=61", "the vector is in service"),
    ("0x20-2f", "CPUs 0x20 to 0x2f; also 5 or 3,8,0x20-2f"),
)

#: Which delivery modes put a vector into IRR when they arrive.
VECTOR_MODES = ("fixed", "lowest_priority")

_EVENTS = {
    name: {"glyph": kind.glyph, "words": kind.words, "ended": kind.ended, "span": span_kind_of(name)}
    for name, kind in EVENT_KINDS.items()
}
_STAGE = {
    "windows": {window.value: words for window, words in WINDOW_WORDS.items()},
    "holders": {window.value: words for window, words in HOLDERS.items()},
    "gates": {gate.name: words for gate, words in GATE_MARKS.items()},
}
_ACTING = {
    "acts": acts_json(),
    "usual_vectors": {
        "by_class": usual_vectors(RESERVED_VECTORS[-1][1] + 1),
        "by_kernel": {name: f"{kernel.reschedule_vector:02x}" for name, kernel in GENERATIONS.items()},
    },
}
_WIRING = {
    "layouts": written_json(),
    "pin_names": {str(pin): name for pin, name in PIN_NAMES.items()},
    "usual_pins": USUAL_PINS,
    "local_table": LOCAL_TABLE,
}
_MARKS = {
    "cells": CELL_WORDS,
    "marks": [{"bits": bits, "words": words} for bits, words in MARKS],
    "coalesced": COALESCED_MARK,
}
_SPANS = {
    kind.name: {
        **{"words": kind.words, "lane": kind.lane, "mark": kind.mark, "label": kind.label},
        "names": {name: words for (owner, name), words in NAME_WORDS.items() if owner == kind.name},
    }
    for kind in SPAN_KINDS
}


_SCORE = {"spans": _SPANS, "findings": {kind.name: kind.words for kind in FINDING_KINDS}}


def vocabulary() -> dict[str, Any]:
    """Everything, as JSON values."""
    return {
        "vectors": {
            name: {str(vector): words for vector, words in kernel.vector_names.items()}
            for name, kernel in GENERATIONS.items()
        },
        "priority": {field["name"]: field for field in layout_json(REGISTER_MAP[Register.TPR].layout)},
        "card_registers": CARD_REGISTERS,
        "listed_registers": LISTED_REGISTERS,
        "anchors": {
            "lvt": {name: Register(register).name for register, name in LVT_NAMES.items()},
            "timer": "TIMER_INITIAL_COUNT",
            "tsc_deadline": "IA32_TSC_DEADLINE",
        },
        "counters": {
            name: {"name": called, "words": words, "crossing": name in CROSSINGS} for name, called, words in COUNTERS
        },
        "sentences": SENTENCES | ACT_SENTENCES,
        **_ACTING,
        "commands": list(COMMAND_KINDS),
        "steps": [step.__name__ for step in get_args(Step)],
        "events": _EVENTS,
        **_SCORE,
        "icr": {"xapic": layout_json(XAPIC_ICR), "disabled": layout_json(XAPIC_ICR), "x2apic": layout_json(X2APIC_ICR)},
        **_WIRING,
        "registers": REGISTERS,
        "shared_words": SHARED_WORDS,
        **_MARKS,
        "reserved": RESERVED_VECTORS,
        "run_states": RUN_STATES,
        **_STAGE,
        "faces": FACES,
        "senders": SENDERS,
        "pins": PIN_WORDS,
        "vector_modes": VECTOR_MODES,
        "breakpoints": words_json(),
    }
