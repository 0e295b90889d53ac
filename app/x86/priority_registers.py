"""The registers that decide which vectors wait: TPR with its other face CR8, PPR, and the P6's APR."""

from app.x86.bitfields import Field, Layout
from app.x86.definitions import OtherRegister, RegisterDefinition, one
from app.x86.registers import Access, Register

_TASK_PRIORITY = Layout(
    (
        Field("priority_class", 7, 4, "Vectors of this class and below wait. 0 holds none back, 15 holds all back."),
        Field("priority_sub_class", 3, 0, "No part in the decision what is delivered."),
    )
)
_PROCESSOR_PRIORITY = Layout(
    (
        Field(
            "priority_class",
            7,
            4,
            "Vectors of this class and below wait: the higher of TPR's class and the class in service.",
        ),
        Field("priority_sub_class", 3, 0, "TPR's when the class is TPR's, otherwise 0."),
    )
)

PRIORITY: tuple[RegisterDefinition, ...] = (
    RegisterDefinition(
        Register.TPR,
        "Task priority",
        Access.READ_WRITE,
        Access.READ_WRITE,
        _TASK_PRIORITY,
        0,
        "Software's own threshold for interrupts.",
        (
            "A write sets both fields; one that lowers the class can let a waiting vector through at once.",
            "A write to CR8 sets the class and clears the sub-class.",
            "It holds back the delivery of fixed and lowest-priority interrupts, not their acceptance: the IRR bit is "
            "set and waits.",
            "NMI, SMI, INIT, start-up and ExtINT do not ask it.",
            "A lowest-priority message goes to the CPU whose class here is the lowest of those addressed; equal ones "
            "take turns.",
            "INIT and reset clear it; switching the APIC off in IA32_APIC_BASE does not.",
        ),
        'SDM vol. 3, "Task and Processor Priorities"',
    ),
    RegisterDefinition(
        Register.PPR,
        "Processor priority",
        Access.READ,
        Access.READ,
        _PROCESSOR_PRIORITY,
        0,
        "What a vector must exceed to be delivered: the higher of TPR and the class of the highest vector in service.",
        (
            "While TPR's class is at least that of the highest vector in service, it equals TPR.",
            "Otherwise it is the class of the highest vector in service, with sub-class 0.",
            "So it moves when TPR is written, when the CPU takes an interrupt and at EOI.",
            "A vector is delivered when its class is strictly higher; an equal class waits, whatever the sub-class.",
        ),
        'SDM vol. 3, "Task and Processor Priorities"',
    ),
    RegisterDefinition(
        Register.APR,
        "Arbitration priority",
        Access.READ,
        Access.NONE,
        one("priority", 7, 0, "Not used since the Pentium 4; reads 0."),
        0,
        "Lowest-priority arbitration of the P6 family.",
        ("Nothing changes it: since the Pentium 4 the chipset chooses who gets a lowest-priority message, by TPR.",),
        'SDM vol. 3, "Lowest Priority Delivery Mode"',
    ),
)

CR8 = OtherRegister(
    "CR8",
    "Task priority as a control register",
    "MOV to and from CR8",
    Access.READ_WRITE,
    64,
    Layout((Field("priority_class", 3, 0, "TPR bits 7:4: vectors of this class and below wait."),)),
    0,
    "The class of TPR, without an access to the APIC.",
    (
        "A write sets TPR's class and clears its sub-class; a read gives TPR's class.",
        "A write with one of the bits 63:4 set raises #GP.",
        "It works while the APIC is switched off; what it holds is what TPR shows when the APIC is on again.",
    ),
    'SDM vol. 3, "Task Priority in IA-32e Mode", "Interaction of Task Priorities between CR8 and APIC"',
)
