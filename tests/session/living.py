"""What tests of living sessions share."""

import asyncio
from collections.abc import Callable

from app.commands.guest import SendIpi
from app.commands.lines import RaisePin
from app.commands.registers import WriteRegister
from app.session.session import Session
from app.state.shapes import NumberedState
from app.x86.icr import Icr
from app.x86.registers import Register
from tests.session.waiting import Waiting

TO_CPU_1 = SendIpi(0, Icr(0x51, destination=1))
PERIODIC_TIMER = (
    WriteRegister(0, Register.LVT_TIMER, 0x2_0040),
    WriteRegister(0, Register.TIMER_INITIAL_COUNT, 5000),
)


async def let_it_live() -> None:
    """Gives the session's task its turn, often enough for whatever it has to do at once."""
    for _ in range(50):
        await asyncio.sleep(0)


async def until(session: Session, condition: Callable[[NumberedState], bool]) -> None:
    """Waits until a published state meets *condition*."""
    with session.hub.viewing(Waiting()) as viewer:
        while not condition(session.state()):
            await viewer.told()


async def busy_without_end(session: Session) -> None:
    """A level line that stays up, so that there is always something left to do."""
    for command in (RaisePin(16),):
        await session.submit(command)
