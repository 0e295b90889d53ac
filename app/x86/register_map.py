"""All that is fixed about each register of the local APIC: access rights, fields, reset value, meaning.

Source: SDM vol. 3, "Local APIC Register Address Map" and "x2APIC Register Address Space". The model runs on this table.
"""

from typing import NamedTuple

from app.x86 import icr, lvt
from app.x86.bitfields import Field, Layout
from app.x86.registers import Access, Register


class RegisterDefinition(NamedTuple):
    """All that is fixed about one register."""

    register: Register
    title: str
    xapic: Access
    x2apic: Access
    layout: Layout
    reset: int
    meaning: str


def _word(name: str, meaning: str, *, writable: bool = True) -> Layout:
    return Layout((Field(name, 31, 0, meaning, writable),))


def _one(name: str, high: int, low: int, meaning: str) -> Layout:
    return Layout((Field(name, high, low, meaning),))


_RO, _RW, _WO, _NO = Access.READ, Access.READ_WRITE, Access.WRITE, Access.NONE

_SVR = Layout(
    (
        Field("vector", 7, 0, "The vector given when an acknowledged interrupt is no longer deliverable."),
        Field("software_enable", 8, 8, "0: the APIC takes no fixed interrupts and its LVT stays masked."),
        Field("focus_processor_checking", 9, 9, "1 switches focus checking off; reserved on newer processors."),
    )
)
_PRIORITY = Layout(
    (
        Field("priority_class", 7, 4, "Vectors of this class and below wait."),
        Field("priority_sub_class", 3, 0, "No part in the decision what is delivered."),
    )
)

_DEFINITIONS: tuple[RegisterDefinition, ...] = (
    RegisterDefinition(
        Register.ID,
        "Local APIC ID",
        _RO,
        _RO,
        _word("apic_id", "xAPIC: bits 31:24. x2APIC: all 32 bits.", writable=False),
        0,
        "The address of this APIC in physical destination mode.",
    ),
    RegisterDefinition(
        Register.VERSION,
        "Local APIC version",
        _RO,
        _RO,
        Layout(
            (
                Field("version", 7, 0, "0x10-0x15: integrated APIC.", writable=False),
                Field("max_lvt_entry", 23, 16, "The number of LVT entries less one.", writable=False),
                Field("eoi_broadcast_suppression", 24, 24, "1: SVR bit 12 works.", writable=False),
            )
        ),
        0x0005_0014,
        "What kind of APIC this is.",
    ),
    RegisterDefinition(
        Register.TPR, "Task priority", _RW, _RW, _PRIORITY, 0, "Software's own threshold for interrupts."
    ),
    RegisterDefinition(
        Register.APR,
        "Arbitration priority",
        _RO,
        _NO,
        _one("priority", 7, 0, "Not used since the Pentium 4; reads 0."),
        0,
        "Lowest-priority arbitration of the P6 family.",
    ),
    RegisterDefinition(
        Register.PPR,
        "Processor priority",
        _RO,
        _RO,
        _PRIORITY,
        0,
        "The higher of TPR and the class of the highest vector in service.",
    ),
    RegisterDefinition(
        Register.EOI,
        "End of interrupt",
        _WO,
        _WO,
        _word("any", "xAPIC: any value. x2APIC: 0."),
        0,
        "A write ends the highest vector in service.",
    ),
    RegisterDefinition(
        Register.RRD,
        "Remote read",
        _RO,
        _NO,
        _word("data", "Not used since the Pentium 4; reads 0.", writable=False),
        0,
        "The answer to a remote-read message of the P6 family.",
    ),
    RegisterDefinition(
        Register.LDR,
        "Logical destination",
        _RW,
        _RO,
        _one("logical_apic_id", 31, 24, "x2APIC: 31:16 cluster, 15:0 one bit."),
        0,
        "The address of this APIC in logical destination mode.",
    ),
    RegisterDefinition(
        Register.DFR,
        "Destination format",
        _RW,
        _NO,
        _one("model", 31, 28, "0xf: flat model. 0: cluster model."),
        0xFFFF_FFFF,
        "How LDR is compared with a logical destination (xAPIC).",
    ),
    RegisterDefinition(
        Register.SVR, "Spurious-interrupt vector", _RW, _RW, _SVR, 0xFF, "Software enable, and the spurious vector."
    ),
    *(
        RegisterDefinition(
            Register(base + 16 * index),
            f"{title}, vectors {32 * index}-{32 * index + 31}",
            _RO,
            _RO,
            _word("vectors", "One bit a vector.", writable=False),
            0,
            meaning,
        )
        for base, title, meaning in (
            (0x100, "In service", "Vectors whose handler has begun and not yet sent its EOI."),
            (0x180, "Trigger mode", "1: the vector was last accepted as level-triggered."),
            (0x200, "Interrupt request", "Vectors accepted and not yet given to the CPU."),
        )
        for index in range(8)
    ),
    RegisterDefinition(
        Register.ESR,
        "Error status",
        _RW,
        _RW,
        Layout(
            (
                Field("send_checksum", 0, 0, "P6 family only.", writable=False),
                Field("receive_checksum", 1, 1, "P6 family only.", writable=False),
                Field("send_accept", 2, 2, "P6 family only.", writable=False),
                Field("receive_accept", 3, 3, "P6 family only.", writable=False),
                Field("redirectable_ipi", 4, 4, "A lowest-priority IPI was sent and is not supported.", writable=False),
                Field("send_illegal_vector", 5, 5, "This APIC was told to send vector 0-15.", writable=False),
                Field("receive_illegal_vector", 6, 6, "This APIC got vector 0-15.", writable=False),
                Field(
                    "illegal_register_address",
                    7,
                    7,
                    "Software used an address that is no register (xAPIC).",
                    writable=False,
                ),
            )
        ),
        0,
        "Errors up to the last write: a write copies what has been noticed since, and clears it.",
    ),
    RegisterDefinition(
        Register.ICR_LOW, "Interrupt command, low half", _RW, _RW, icr.ICR_LOW, 0, "A write sends an IPI."
    ),
    RegisterDefinition(
        Register.ICR_HIGH, "Interrupt command, high half", _RW, _NO, icr.ICR_HIGH, 0, "Where the next IPI goes."
    ),
    RegisterDefinition(
        Register.LVT_TIMER, "LVT timer", _RW, _RW, lvt.TIMER, lvt.RESET, "What the timer does when it expires."
    ),
    RegisterDefinition(
        Register.LVT_THERMAL, "LVT thermal sensor", _RW, _RW, lvt.SOURCE, lvt.RESET, "Thermal interrupts."
    ),
    RegisterDefinition(
        Register.LVT_PERFORMANCE,
        "LVT performance counters",
        _RW,
        _RW,
        lvt.SOURCE,
        lvt.RESET,
        "Counter overflow interrupts.",
    ),
    RegisterDefinition(
        Register.LVT_LINT0, "LVT LINT0", _RW, _RW, lvt.LINT, lvt.RESET, "The pin LINT0: usually the 8259 PIC."
    ),
    RegisterDefinition(Register.LVT_LINT1, "LVT LINT1", _RW, _RW, lvt.LINT, lvt.RESET, "The pin LINT1: usually NMI."),
    RegisterDefinition(
        Register.LVT_ERROR, "LVT error", _RW, _RW, lvt.ERROR, lvt.RESET, "What happens when an ESR bit is noticed."
    ),
    RegisterDefinition(
        Register.TIMER_INITIAL_COUNT,
        "Timer initial count",
        _RW,
        _RW,
        _word("count", "A write other than 0 starts the timer."),
        0,
        "Where the timer counts down from.",
    ),
    RegisterDefinition(
        Register.TIMER_CURRENT_COUNT,
        "Timer current count",
        _RO,
        _RO,
        _word("count", "What is left.", writable=False),
        0,
        "Where the timer is.",
    ),
    RegisterDefinition(
        Register.TIMER_DIVIDE,
        "Timer divide configuration",
        _RW,
        _RW,
        Layout(
            (
                Field("divide_high", 3, 3, "Bit 2 of the divide code."),
                Field("divide_low", 1, 0, "Bits 1:0 of the divide code."),
            )
        ),
        0,
        "How many clocks make one count: codes 0-6 divide by 2 to 128, code 7 by 1.",
    ),
    RegisterDefinition(
        Register.SELF_IPI,
        "Self IPI",
        _NO,
        _WO,
        _one("vector", 7, 0, "The vector to send to itself."),
        0,
        "x2APIC only: a fixed, edge-triggered IPI to this CPU that leaves ICR alone.",
    ),
)

#: Every register, by offset.
REGISTERS: dict[int, RegisterDefinition] = {definition.register: definition for definition in _DEFINITIONS}
