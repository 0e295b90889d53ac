"""Who performs which kind of step."""

from collections.abc import Callable
from typing import Any, TypeVar

from app.engine.processor import Frame, Processor
from app.guest.steps import Step

#: A kind of step, and what does one of it on a CPU, for a frame.
Performer = tuple[type[Any], Callable[[Processor, Frame, Any], None]]
StepType = TypeVar("StepType", bound=Step)


def performs(kind: type[StepType], perform: Callable[[Processor, Frame, StepType], None]) -> Performer:
    """*perform* does the steps of *kind*: a type checker sees that it can."""
    return kind, perform
