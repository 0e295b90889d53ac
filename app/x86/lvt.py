"""Local vector table entries (SDM vol. 3, "Local Vector Table")."""

from enum import IntEnum

from app.x86.bitfields import Field, Layout
from app.x86.icr import MASK_NAMES, POLARITY_NAMES, SOURCE_MODE_NAMES, STATUS_NAMES, TRIGGER_MODE_NAMES

MASKED = 1 << 16
REMOTE_IRR = 1 << 14
DELIVERY_STATUS = 1 << 12
LEVEL = 1 << 15
#: Bit 18 of the timer's entry, reserved where there is no TSC-deadline mode.
TSC_DEADLINE_MODE = 1 << 18
#: Reset value: masked, everything else 0.
RESET = MASKED

_VECTOR = Field("vector", 7, 0, "The vector that this source raises with fixed delivery. 0-15 are illegal.")
_DELIVERY_MODE = Field(
    "delivery_mode",
    10,
    8,
    "000 fixed: raise the vector. 010 SMI. 100 NMI. All else is reserved.",
    values=("fixed", "reserved", "SMI", "reserved", "NMI", "reserved", "reserved", "reserved"),
)
_PIN_DELIVERY_MODE = Field(
    "delivery_mode",
    10,
    8,
    "000 fixed: raise the vector. 010 SMI. 100 NMI. 101 INIT. 111 ExtINT: the vector comes from an 8259. All else is "
    "reserved.",
    values=("fixed", "reserved", *SOURCE_MODE_NAMES[2:]),
)
_STATUS = Field(
    "delivery_status",
    12,
    12,
    "0 idle. 1 send pending: set by hardware while the interrupt has not been accepted.",
    writable=False,
    values=STATUS_NAMES,
)
_POLARITY = Field("polarity", 13, 13, "0: the pin is active high. 1: active low.", values=POLARITY_NAMES)
_REMOTE_IRR = Field(
    "remote_irr",
    14,
    14,
    "Fixed and level only: set by hardware when the interrupt is accepted, cleared by its EOI.",
    writable=False,
)
_TRIGGER = Field(
    "trigger_mode",
    15,
    15,
    "0 edge, 1 level; counts only for fixed delivery at LINT0: SMI, NMI and INIT are edge, ExtINT level.",
    values=TRIGGER_MODE_NAMES,
)
_MASK = Field("mask", 16, 16, "1: the source is cut off. Held at 1 while SVR bit 8 is 0.", values=MASK_NAMES)
_TIMER_MODE = Field(
    "timer_mode",
    18,
    17,
    "00 one-shot: stops at 0. 01 periodic: starts again from the initial count. 10 TSC-deadline: fires when the TSC "
    "reaches IA32_TSC_DEADLINE. 11 is reserved.",
    values=("one-shot", "periodic", "TSC-deadline", "reserved"),
)

TIMER = Layout((_VECTOR, _STATUS, _MASK, _TIMER_MODE))
SOURCE = Layout((_VECTOR, _DELIVERY_MODE, _STATUS, _MASK))
LINT = Layout((_VECTOR, _PIN_DELIVERY_MODE, _STATUS, _POLARITY, _REMOTE_IRR, _TRIGGER, _MASK))
ERROR = Layout((_VECTOR, _STATUS, _MASK))


class TimerMode(IntEnum):
    """LVT timer bits 18:17 (SDM vol. 3, "APIC Timer")."""

    ONE_SHOT = 0
    PERIODIC = 1
    TSC_DEADLINE = 2
    RESERVED = 3


def timer_mode(entry: int) -> TimerMode:
    """The timer mode that an LVT timer entry selects."""
    return TimerMode(entry >> 17 & 3)


def timer_divisor(configuration: int) -> int:
    """Clocks a count for a divide configuration: bits 3, 1 and 0 (SDM vol. 3, "Divide Configuration Register")."""
    code = (configuration >> 1 & 4) | (configuration & 3)
    return 1 << ((code + 1) & 7)
