"""Interrupts made by hand, and what comes of setting them side by side."""

from app.commands.guest import CallGuest
from app.engine.work import Work
from app.hw.messages import Origin
from app.pair.accounts import Handled, Interrupt, Stretch
from app.pair.alignment import AlignedStimulus, Names, align
from app.x86.icr import DeliveryMode

COMMANDS = (CallGuest(0, "smp_call_function"),)


def interrupt(
    vector: int = 0x51,
    targets: tuple[int, ...] = (1,),
    mode: DeliveryMode = DeliveryMode.FIXED,
    *,
    origin: Origin = Origin.IPI,
    source: int | None = 0,
    handled: tuple[tuple[int, int], ...] = (),
    sending: Work | None = None,
    receiving: Work | None = None,
) -> Interrupt:
    """*handled* is CPU and time of each handler."""
    made = Interrupt(origin, source, vector, mode, 0, "", messages=1, targets=list(targets))
    made.handled = [Handled(cpu, vector, time) for cpu, time in handled]
    made.sending, made.receiving = sending or Work(), receiving or Work()
    return made


def aligned(
    a: list[Interrupt], b: list[Interrupt], names_a: Names | None = None, names_b: Names | None = None
) -> AlignedStimulus:
    left, right = Stretch(3, 0, a), Stretch(3, 0, b)
    return align(COMMANDS, left, right, names_a or {}, names_b or {})
