"""A viewer that waits in a task until there is something for it."""

import asyncio

from app.session.hub import Viewer


class Waiting(Viewer):
    """It takes what there is when it comes to it."""

    __slots__ = ("fresh",)

    def __init__(self, *, spans: bool = False) -> None:
        super().__init__(spans=spans)
        self.fresh = asyncio.Event()

    def tell(self) -> None:
        self.fresh.set()

    async def told(self) -> None:
        """Waits until it is told something that it has not been told yet."""
        await self.fresh.wait()
        self.fresh.clear()
