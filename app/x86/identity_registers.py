"""The registers that say who a local APIC is and which destinations name it."""

from app.x86.bitfields import Field, Layout
from app.x86.definitions import RegisterDefinition, one, word
from app.x86.registers import Access, Register

IDENTITY: tuple[RegisterDefinition, ...] = (
    RegisterDefinition(
        Register.ID,
        "Local APIC ID",
        Access.READ,
        Access.READ,
        word("apic_id", "xAPIC: bits 31:24. x2APIC: all 32 bits.", writable=False),
        0,
        "The address of this APIC in physical destination mode.",
        (
            "Power-up gives every CPU a number of its own, and INIT keeps it.",
            "Before Nehalem software could write it.",
            "The switch to x2APIC mode widens it from 8 bits to 32.",
            "A physical destination that equals it names this APIC; 0xff in xAPIC mode and 0xffffffff in x2APIC mode "
            "name all.",
        ),
        'SDM vol. 3, "Local APIC ID", "Local APIC State After It Receives an INIT-Reset (Wait-for-SIPI)"',
        xapic_layout=Layout((Field("apic_id", 31, 24, "The number of this APIC, 0 to 254.", writable=False),)),
        x2apic_layout=Layout((Field("apic_id", 31, 0, "The number of this APIC, 32 bits wide.", writable=False),)),
        reset_note="The CPU's own number.",
    ),
    RegisterDefinition(
        Register.VERSION,
        "Local APIC version",
        Access.READ,
        Access.READ,
        Layout(
            (
                Field("version", 7, 0, "0x10 to 0x15: an APIC inside the processor.", writable=False),
                Field(
                    "max_lvt_entry", 23, 16, "The number of LVT entries less one; 6 means with CMCI.", writable=False
                ),
                Field(
                    "eoi_broadcast_suppression",
                    24,
                    24,
                    "1: SVR bit 12 is there and suppresses EOI broadcasts. 0: that bit is reserved.",
                    writable=False,
                ),
            )
        ),
        0x0005_0014,
        "What kind of APIC this is, and which of the later registers and bits it has.",
        ("Nothing changes it.",),
        'SDM vol. 3, "Local APIC Version Register"',
        reset_note="Other processors have other values.",
    ),
    RegisterDefinition(
        Register.LDR,
        "Logical destination",
        Access.READ_WRITE,
        Access.READ,
        one(
            "logical_apic_id",
            31,
            24,
            "Flat model: a set of bits, usually one of its own for each CPU. Cluster model: 31:28 the cluster, "
            "27:24 a bit in it.",
        ),
        0,
        "The address of this APIC in logical destination mode.",
        (
            "Flat model: a destination names this APIC when both have a bit in common.",
            "Cluster model: a destination names this APIC when the clusters are equal and both have one of the lower "
            "four bits in common.",
            "Logical destination 0xff names every APIC in xAPIC mode, 0xffffffff every one in x2APIC mode.",
            "In x2APIC mode it follows from the ID: cluster ID / 16, and the bit of number ID modulo 16.",
            "INIT and reset clear it in xAPIC mode; software disable (SVR bit 8) leaves it as it is.",
        ),
        'SDM vol. 3, "Logical Destination Mode", "Logical Destination Mode in x2APIC Mode", '
        '"Deriving Logical x2APIC ID from the Local x2APIC ID"',
        x2apic_layout=Layout(
            (
                Field("cluster", 31, 16, "The cluster: the ID without its lowest four bits.", writable=False),
                Field("member", 15, 0, "One bit: the one whose number is the ID's lowest four bits.", writable=False),
            )
        ),
        reset_note="In x2APIC mode what follows from the ID.",
    ),
    RegisterDefinition(
        Register.DFR,
        "Destination format",
        Access.READ_WRITE,
        Access.NONE,
        Layout(
            (
                Field("model", 31, 28, "1111 flat model. 0000 cluster model. All else is reserved."),
                Field("ones", 27, 0, "Read as ones; a write does not change them.", writable=False),
            )
        ),
        0xFFFF_FFFF,
        "How LDR is compared with a logical destination in xAPIC mode.",
        (
            "All enabled APICs must hold the same model, so software writes it before it enables them.",
            "x2APIC mode knows clusters only and has no such register.",
            "INIT and reset set it to the flat model; software disable (SVR bit 8) leaves it as it is.",
        ),
        'SDM vol. 3, "Logical Destination Mode"',
    ),
)
