"""Registers of one CPU in words: what their values come to. The page shows these and knows no bit position."""

from functools import lru_cache

from app.hw.destination import address_of
from app.hw.local_apic import LocalApic
from app.state.shapes import Destinations, IcrWords
from app.x86 import lvt
from app.x86.icr import (
    DELIVERY_STATUS,
    X2APIC_ICR,
    XAPIC_ICR,
    DeliveryMode,
    DestinationMode,
    Shorthand,
    decode_icr,
)
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import SVR_ENABLE, Register
from app.x86.state_registers import errors_in
from app.x86.vectors import priority_class

_FLAT_MODEL = 0xF
_FIXED = DeliveryMode.FIXED
_SOURCE_MODES = {
    DeliveryMode.SMI: "SMI",
    DeliveryMode.NMI: "NMI",
    DeliveryMode.INIT: "INIT",
    DeliveryMode.EXTINT: "ExtINT",
}
_SHORT_TARGETS = {
    Shorthand.SELF: "self",
    Shorthand.ALL_INCLUDING_SELF: "all",
    Shorthand.ALL_EXCLUDING_SELF: "others",
}


def register_words_of(apic: LocalApic) -> dict[str, str]:
    """What the registers that the page lists come to, by the state's names for them."""
    in_service = apic.isr.highest()
    return {
        "tpr": task_priority_words(apic.tpr),
        "ppr": processor_priority_words(apic.ppr, apic.tpr, -1 if in_service is None else in_service),
        "esr": error_words(apic.esr),
        "svr": "APIC on" if apic.svr & SVR_ENABLE else "APIC off",
        "ldr": logical_destination_words(apic.logical_id, apic.dfr, apic.mode is ApicMode.X2APIC),
        "dfr": destination_format_words(apic.dfr, apic.mode is ApicMode.X2APIC),
    }


def alarms_of(apic: LocalApic) -> list[str]:
    """Which of these registers tell that something is wrong."""
    return [*(["esr"] if apic.esr else []), *([] if apic.svr & SVR_ENABLE else ["svr"])]


@lru_cache(maxsize=256)
def task_priority_words(tpr: int) -> str:
    """What software's own threshold holds back."""
    held = priority_class(tpr)
    return f"holds back class {held:x} and below" if held else "holds nothing back"


@lru_cache(maxsize=4096)
def processor_priority_words(ppr: int, tpr: int, in_service: int) -> str:
    """Which of its two sources set it: where every lesson on APICs gets stuck. *in_service* is the highest vector
    there, -1 for none."""
    if in_service >= 0 and priority_class(in_service) > priority_class(tpr):
        return f"class {priority_class(in_service):x}, set by {in_service:#04x} in service"
    return f"class {priority_class(ppr):x}, set by TPR" if ppr else "nothing is held back"


@lru_cache(maxsize=256)
def error_words(esr: int) -> str:
    """What the APIC has found wrong."""
    return ", ".join(errors_in(esr)) or "no error"


@lru_cache(maxsize=1024)
def logical_destination_words(logical_id: int, dfr: int, x2apic: bool) -> str:
    """What a logical destination must name to reach this APIC."""
    if x2apic:
        return f"cluster {logical_id >> 16:#x}, member bit {(logical_id & 0xFFFF).bit_length() - 1}"
    bits = logical_id >> 24
    if dfr >> 28 == _FLAT_MODEL:
        return f"answers to {bits:#04x}"
    return f"cluster {bits >> 4:#x}, members {bits & 0xF:#x}"


def destination_format_words(dfr: int, x2apic: bool) -> str:
    """How logical destinations are read."""
    if x2apic:
        return "not there in x2APIC mode"
    return "flat" if dfr >> 28 == _FLAT_MODEL else "cluster"


@lru_cache(maxsize=1024)
def local_entry_words(register: int, entry: int) -> str:
    """What the APIC does when the source of this LVT entry fires."""
    if entry & lvt.MASKED:
        return "masked"
    mode = _FIXED if register in (Register.LVT_TIMER, Register.LVT_ERROR) else DeliveryMode(entry >> 8 & 7)
    return f"vector {entry & 0xFF:#04x}" if mode is _FIXED else _SOURCE_MODES.get(mode, "reserved mode")


@lru_cache(maxsize=4096)
def icr_words(raw: int, x2apic: bool, name: str) -> IcrWords:
    """The last command as a sentence, and as short as a card needs it. *name*: what the kernel calls the vector."""
    layout = X2APIC_ICR if x2apic else XAPIC_ICR
    icr = decode_icr(raw & ~DELIVERY_STATUS, x2apic=x2apic)
    word = {field.name: field.word(raw) for field in layout.fields}
    direct = icr.shorthand is Shorthand.NONE
    to = f"{word['destination_mode']} destination {icr.destination:#04x}" if direct else word["shorthand"]
    sent = "" if x2apic else "; still being sent" if raw & DELIVERY_STATUS else "; idle"
    vector = f"{word['vector']} {name}".strip()
    assertion = "" if icr.level else ", de-assert"
    short_to = f"{icr.destination:#04x}" if direct else _SHORT_TARGETS[icr.shorthand]
    if direct and icr.destination_mode is DestinationMode.LOGICAL:
        short_to = f"logical {short_to}"
    what = word["vector"][2:] if icr.delivery_mode <= DeliveryMode.LOWEST_PRIORITY else word["delivery_mode"]
    short = f"{what} → {short_to}{' …' if raw & DELIVERY_STATUS and not x2apic else ''}"
    return {
        "words": f"{vector}, {word['delivery_mode']}, {word['trigger_mode']}{assertion}, to {to}{sent}.",
        "short": short if raw else "unused",
    }


def timer_words(apic: LocalApic) -> str:
    """What the timer is about to do."""
    timer = apic.timer
    if timer.mode is not lvt.TimerMode.TSC_DEADLINE:
        return f"counts {timer.initial_count:,} ÷{timer.divisor}".replace(",", "\u202f")
    return "not armed" if timer.deadline is None else f"at {timer.deadline:,}".replace(",", "\u202f")


def destinations_of(apic: LocalApic) -> Destinations:
    """What one writes into ICR's destination field to name this APIC, as ``hw/destination`` has it."""
    physical, logical, group = address_of(apic)
    return {"physical": physical, "logical": logical, "group": group}
