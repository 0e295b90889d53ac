"""The registers of the local APIC timer, other than its entry in the local vector table."""

from app.x86.bitfields import Field, Layout
from app.x86.definitions import RegisterDefinition, word
from app.x86.lvt import timer_divisor
from app.x86.registers import Access, Register

_SOURCE = 'SDM vol. 3, "APIC Timer"'
_DIVIDE = Layout(
    (
        Field("divide_high", 3, 3, "Bit 2 of the divide code."),
        Field("divide_low", 1, 0, "Bits 1:0 of the divide code."),
    )
)


#: The divide configuration of each divide code, which lies in two fields.
DIVIDE_CONFIGURATIONS = tuple((code & 4) << 1 | code & 3 for code in range(8))


def _divide_codes() -> str:
    """The divisor of each code, from the function that the model divides with."""
    codes = enumerate(DIVIDE_CONFIGURATIONS)
    divisors = ", ".join(f"{code:03b} by {timer_divisor(configuration)}" for code, configuration in codes)
    return f"The codes divide the timer's clock: {divisors}."


TIMER: tuple[RegisterDefinition, ...] = (
    RegisterDefinition(
        Register.TIMER_INITIAL_COUNT,
        "Timer initial count",
        Access.READ_WRITE,
        Access.READ_WRITE,
        word("count", "0 stops the timer. A write other than 0 starts the timer."),
        0,
        "Where the timer counts down from.",
        (
            "A write starts the timer anew at the value, even while it counts; 0 stops it.",
            "In periodic mode the timer starts again from here whenever it reaches 0.",
            "In TSC-deadline mode a write is ignored.",
        ),
        _SOURCE,
    ),
    RegisterDefinition(
        Register.TIMER_CURRENT_COUNT,
        "Timer current count",
        Access.READ,
        Access.READ,
        word("count", "What is left; 0 while the timer stands still.", writable=False),
        0,
        "Where the timer is.",
        (
            "Hardware takes one off every so many clocks as the divide configuration says.",
            "One-shot, it stops at 0. Periodic, it goes on from the initial count.",
            "In TSC-deadline mode it reads 0.",
        ),
        _SOURCE,
    ),
    RegisterDefinition(
        Register.TIMER_DIVIDE,
        "Timer divide configuration",
        Access.READ_WRITE,
        Access.READ_WRITE,
        _DIVIDE,
        0,
        "How many clocks make one count: codes 0-6 divide by 2 to 128, code 7 by 1.",
        (
            _divide_codes(),
            "A write while the timer counts changes the pace of the counts that are left.",
        ),
        _SOURCE,
    ),
)
