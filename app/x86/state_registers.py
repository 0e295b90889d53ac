"""The registers that switch a local APIC on and tell what went wrong: SVR and ESR (SDM vol. 3, "Error Handling")."""

from app.x86.bitfields import Field, Layout
from app.x86.definitions import RegisterDefinition
from app.x86.registers import Access, Register

ESR_SEND_ACCEPT = 1 << 2
ESR_REDIRECTABLE_IPI = 1 << 4
ESR_SEND_ILLEGAL_VECTOR = 1 << 5
ESR_RECEIVE_ILLEGAL_VECTOR = 1 << 6
ESR_ILLEGAL_REGISTER_ADDRESS = 1 << 7

_SVR = Layout(
    (
        Field("vector", 7, 0, "The vector given when an acknowledged interrupt is no longer deliverable."),
        Field(
            "software_enable", 8, 8, "0: the APIC takes no fixed interrupts and its LVT stays masked. 1: it is enabled."
        ),
        Field("focus_processor_checking", 9, 9, "1 switches focus checking off; reserved on newer processors."),
        Field(
            "suppress_eoi_broadcast",
            12,
            12,
            "1: an EOI of a level-triggered vector is not broadcast. Reserved where version bit 24 is 0.",
        ),
    )
)


def _p6_error(name: str, bit: int, what: str) -> Field:
    return Field(name, bit, bit, f"{what} P6 family and Pentium only; 0 since.", writable=False)


ESR = Layout(
    (
        _p6_error("send_checksum", 0, "A message sent had a wrong checksum."),
        _p6_error("receive_checksum", 1, "A message received had a wrong checksum."),
        _p6_error("send_accept", 2, "A message sent was accepted by no APIC."),
        _p6_error("receive_accept", 3, "A message received was accepted by no APIC, this one included."),
        Field("redirectable_ipi", 4, 4, "A lowest-priority IPI was to be sent where that is not supported.", False),
        Field("send_illegal_vector", 5, 5, "This APIC was told to send vector 0-15.", writable=False),
        Field(
            "receive_illegal_vector", 6, 6, "This APIC got vector 0-15, from the bus or its own LVT.", writable=False
        ),
        Field(
            "illegal_register_address",
            7,
            7,
            "Software used an address that is no register (xAPIC mode only).",
            writable=False,
        ),
    )
)

STATE: tuple[RegisterDefinition, ...] = (
    RegisterDefinition(
        Register.SVR,
        "Spurious-interrupt vector",
        Access.READ_WRITE,
        Access.READ_WRITE,
        _SVR,
        0xFF,
        "Software enable, and the spurious vector.",
        (
            "Clearing bit 8 masks every LVT entry; setting it again unmasks none.",
            "While bit 8 is 0, fixed and lowest-priority interrupts are refused; NMI, SMI, INIT and start-up are "
            "accepted, and IPIs can be sent.",
            "What IRR and ISR hold when bit 8 is cleared stays: it can still be taken and ended.",
            "When the CPU acknowledges an interrupt that is deliverable no longer, say because TPR was raised, it gets "
            "this vector and ISR stays as it is: its handler must send no EOI.",
            "A message that carries the spurious vector is an ordinary interrupt and needs its EOI.",
            "With bit 12 set, software ends a level-triggered interrupt at the I/O APIC's own EOI register.",
        ),
        'SDM vol. 3, "Spurious Interrupt", "Local APIC State After It Has Been Software Disabled"',
    ),
    RegisterDefinition(
        Register.ESR,
        "Error status",
        Access.READ_WRITE,
        Access.READ_WRITE,
        ESR,
        0,
        "Errors up to the last write: a write copies what has been noticed since, and clears it.",
        (
            "Errors are collected out of sight; a write, whatever its value, copies the collection to where software "
            "reads and clears the collection.",
            "So two writes in a row leave 0, and a read clears nothing.",
            "A bit that is new in the collection raises the LVT error entry, unless that is masked.",
            "A lowest-priority IPI that is refused sets bit 4 alone, even when its vector is illegal too.",
        ),
        'SDM vol. 3, "Error Handling"',
        x2apic_zero_only=True,
    ),
)


def errors_in(status: int) -> list[str]:
    """What the bits set in *status* are called, bit 0 first: the manual's names, wherever people read them."""
    return [field.name.replace("_", " ").replace("ipi", "IPI") for field in ESR.fields if field.extract(status)]
