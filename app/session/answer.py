"""What whoever gave a command is told."""

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import asyncio


class Answer(NamedTuple):
    """What became of a command: its number, the state that shows it, a sentence, and what it was asked for."""

    command: int
    seq: int
    text: str
    values: dict[str, Any]

    def as_text(self) -> str:
        """As JSON, to be kept."""
        return json.dumps(self._asdict(), separators=(",", ":"))

    @classmethod
    def of_text(cls, text: str) -> "Answer":
        """The answer that was kept as *text*."""
        return cls(**json.loads(text))


def tell(future: "asyncio.Future[Answer]", outcome: Answer | BaseException) -> None:
    """Tells whoever waits for *future*, if anybody still does."""
    if future.done():
        return
    if isinstance(outcome, Answer):
        future.set_result(outcome)
    else:
        future.set_exception(outcome)
