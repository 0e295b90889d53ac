"""The error status register: its bits, and what each is called (SDM vol. 3, "Error Handling")."""

from app.x86.bitfields import Field, Layout

ESR_SEND_ACCEPT = 1 << 2
ESR_REDIRECTABLE_IPI = 1 << 4
ESR_SEND_ILLEGAL_VECTOR = 1 << 5
ESR_RECEIVE_ILLEGAL_VECTOR = 1 << 6
ESR_ILLEGAL_REGISTER_ADDRESS = 1 << 7


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


def errors_in(status: int) -> list[str]:
    """What the bits set in *status* are called, bit 0 first: the manual's names, wherever people read them."""
    return [field.name.replace("_", " ").replace("ipi", "IPI") for field in ESR.fields if field.extract(status)]
