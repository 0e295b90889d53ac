"""The registers that send interprocessor interrupts, and the P6's remote read."""

from app.x86 import icr
from app.x86.definitions import RegisterDefinition, one, word
from app.x86.icr import VALID_DELIVERY_MODES, DeliveryMode, Shorthand
from app.x86.registers import Access, Register

_MODE_WORDS = {
    DeliveryMode.FIXED: "fixed",
    DeliveryMode.LOWEST_PRIORITY: "lowest priority",
    DeliveryMode.SMI: "SMI",
    DeliveryMode.NMI: "NMI",
    DeliveryMode.INIT: "INIT",
    DeliveryMode.STARTUP: "start-up",
}
_SHORTHAND_WORDS = {
    Shorthand.NONE: "Without a shorthand",
    Shorthand.SELF: "With shorthand self",
    Shorthand.ALL_INCLUDING_SELF: "With shorthand all including self",
    Shorthand.ALL_EXCLUDING_SELF: "With shorthand all excluding self",
}


def _valid_combinations(shorthand: Shorthand) -> str:
    allowed = [words for mode, words in _MODE_WORDS.items() if mode in VALID_DELIVERY_MODES[shorthand]]
    modes = " or ".join(filter(None, [", ".join(allowed[:-1]), allowed[-1]]))
    return f"{_SHORTHAND_WORDS[shorthand]} the delivery mode may be {modes}; all else is not sent."


SENDING: tuple[RegisterDefinition, ...] = (
    RegisterDefinition(
        Register.ICR_LOW,
        "Interrupt command, low half",
        Access.READ_WRITE,
        Access.READ_WRITE,
        icr.ICR_LOW,
        0,
        "A write sends an IPI. In x2APIC mode one MSR of 64 bits is the whole command.",
        (
            "A write sends the IPI that both halves describe; a read gives what was written, and the delivery status.",
            *(_valid_combinations(shorthand) for shorthand in Shorthand),
            "Lowest priority to all physical IDs (0xff) is not supported, and not sent.",
            "A shorthand makes the destination mode and the destination field count for nothing.",
            "Fixed or lowest priority with a vector from 0 to 15 is not sent, and sets ESR bit 5; to self, bit 6 too.",
            "Lowest priority is refused in x2APIC mode, and by some processors in xAPIC mode too, with ESR bit 4.",
            "Whatever bits 15 and 14 say, an IPI goes out as edge and assert; INIT level de-assert is not sent.",
            "In xAPIC mode software waits for delivery status 0 before the next write; x2APIC mode has no such bit and "
            "ignores a write to it.",
            "A start-up IPI with vector VV starts its target at address VV000, if that waits for one; otherwise it is "
            "dropped and not sent again.",
            "SMI wants vector 0; NMI and INIT pay the vector no heed.",
        ),
        'SDM vol. 3, "Interrupt Command Register (ICR)", "ICR Operation in x2APIC Mode"',
        x2apic_layout=icr.X2APIC_ICR,
    ),
    RegisterDefinition(
        Register.ICR_HIGH,
        "Interrupt command, high half",
        Access.READ_WRITE,
        Access.NONE,
        icr.ICR_HIGH,
        0,
        "Where the next IPI goes.",
        (
            "A write keeps the destination and sends nothing.",
            "In x2APIC mode the destination is bits 63:32 of the low half's MSR; the switch to that mode does not keep "
            "what is here.",
        ),
        'SDM vol. 3, "Interrupt Command Register (ICR)"',
    ),
    RegisterDefinition(
        Register.SELF_IPI,
        "Self IPI",
        Access.NONE,
        Access.WRITE,
        one("vector", 7, 0, "The vector to send to itself."),
        0,
        "x2APIC only: a fixed, edge-triggered IPI to this CPU that leaves ICR alone.",
        (
            "A write sends the IPI; ICR reads as before.",
            "A vector from 0 to 15 is not sent, and sets ESR bits 5 and 6: sender and receiver are one.",
        ),
        'SDM vol. 3, "SELF IPI Register"',
    ),
    RegisterDefinition(
        Register.RRD,
        "Remote read",
        Access.READ,
        Access.NONE,
        word("data", "Not used since the Pentium 4; reads 0.", writable=False),
        0,
        "The answer to a remote-read message of the P6 family.",
        ("Nothing changes it: remote-read messages are not sent any more.",),
        'SDM vol. 3, "Local APIC Register Address Map"',
    ),
)
