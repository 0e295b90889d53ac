"""Local vector table entries (SDM vol. 3, "Local Vector Table")."""

from enum import IntEnum

from app.x86.bitfields import Field, Layout

MASKED = 1 << 16
REMOTE_IRR = 1 << 14
#: Reset value: masked, everything else 0.
RESET = MASKED

_VECTOR = Field("vector", 7, 0, "The vector that this source raises.")
_DELIVERY_MODE = Field("delivery_mode", 10, 8, "Fixed, SMI, NMI; for LINT0 and LINT1 also INIT and ExtINT.")
_STATUS = Field("delivery_status", 12, 12, "1 while the interrupt has not been accepted.", writable=False)
_POLARITY = Field("polarity", 13, 13, "0: the pin is active high. 1: active low.")
_REMOTE_IRR = Field("remote_irr", 14, 14, "1 from acceptance of a level interrupt to its EOI.", writable=False)
_TRIGGER = Field("trigger_mode", 15, 15, "0 edge, 1 level; counts only for fixed delivery.")
_MASK = Field("mask", 16, 16, "1: the source is cut off.")
_TIMER_MODE = Field("timer_mode", 18, 17, "0 one-shot, 1 periodic, 2 TSC-deadline.")

TIMER = Layout((_VECTOR, _STATUS, _MASK, _TIMER_MODE))
SOURCE = Layout((_VECTOR, _DELIVERY_MODE, _STATUS, _MASK))
LINT = Layout((_VECTOR, _DELIVERY_MODE, _STATUS, _POLARITY, _REMOTE_IRR, _TRIGGER, _MASK))
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
