"""The three sets of 256 vectors, and the register that ends an interrupt."""

from collections.abc import Iterator

from app.x86.bitfields import Field, Layout
from app.x86.definitions import RegisterDefinition, VectorSet, word
from app.x86.registers import Access, Register

IRR = VectorSet(
    "IRR",
    Register.IRR0,
    "Interrupt request",
    "Vectors accepted and not yet given to the CPU.",
    Field("vectors", 31, 0, "1: the vector is requested and waits. One bit a vector.", writable=False),
    (
        "A bit is set when a fixed or lowest-priority message is accepted or a local source fires.",
        "A request for a vector whose bit is 1 already merges with it: one delivery for both.",
        "A request for a vector in service is kept here and delivered after the EOI.",
        "When the CPU takes the vector, its bit is cleared here and set in ISR.",
        "Bits 0 to 15 are never set: these vectors are refused with ESR bit 6.",
        "Software disable (SVR bit 8) keeps the bits and takes no new ones; INIT and reset clear them.",
    ),
    'SDM vol. 3, "Interrupt Acceptance for Fixed Interrupts"',
)
ISR = VectorSet(
    "ISR",
    Register.ISR0,
    "In service",
    "Vectors whose handler has begun and not yet sent its EOI.",
    Field("vectors", 31, 0, "1: the vector is in service. One bit a vector.", writable=False),
    (
        "A bit is set when the CPU takes the vector.",
        "A vector of a higher class can be taken before the EOI; then several bits are 1.",
        "A write to EOI clears the highest bit that is 1.",
        "The spurious vector, NMI, SMI, INIT, start-up and ExtINT set no bit.",
        "Software disable (SVR bit 8) keeps the bits, and EOI still clears them; INIT and reset clear them all.",
    ),
    'SDM vol. 3, "Interrupt Acceptance for Fixed Interrupts"',
)
TMR = VectorSet(
    "TMR",
    Register.TMR0,
    "Trigger mode",
    "How each vector was last accepted.",
    Field("vectors", 31, 0, "0: last accepted as edge-triggered. 1: as level-triggered.", writable=False),
    (
        "A bit is written when its vector is accepted: 1 for a level-triggered message, 0 for an edge.",
        "EOI looks here: for a 1 it tells the I/O APICs the vector, unless SVR bit 12 suppresses that.",
        "EOI does not clear it; INIT and reset do.",
    ),
    'SDM vol. 3, "Interrupt Acceptance for Fixed Interrupts"',
)
VECTOR_SETS = (IRR, ISR, TMR)


def _words(vectors: VectorSet) -> Iterator[RegisterDefinition]:
    for index in range(8):
        yield RegisterDefinition(
            Register(vectors.first + 16 * index),
            f"{vectors.title}, vectors {32 * index}-{32 * index + 31}",
            Access.READ,
            Access.READ,
            Layout((vectors.vectors,)),
            0,
            vectors.meaning,
            vectors.rules,
            vectors.source,
        )


#: The 24 registers that the three sets are to software.
VECTORS: tuple[RegisterDefinition, ...] = tuple(definition for vectors in VECTOR_SETS for definition in _words(vectors))

EOI = RegisterDefinition(
    Register.EOI,
    "End of interrupt",
    Access.WRITE,
    Access.WRITE,
    word("any", "xAPIC: any value. x2APIC: 0."),
    0,
    "A write ends the highest vector in service.",
    (
        "A write clears the highest bit of ISR; PPR falls with it, and a vector that waited can be delivered at once.",
        "Where that vector's TMR bit is 1, the I/O APICs are told the vector, unless SVR bit 12 suppresses that.",
        "With nothing in service a write does nothing.",
        "NMI, SMI, INIT, start-up, ExtINT and the spurious vector want no EOI: it would end another interrupt.",
    ),
    'SDM vol. 3, "Signaling Interrupt Servicing Completion"',
    x2apic_zero_only=True,
)
