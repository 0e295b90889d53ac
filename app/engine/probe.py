"""What an onlooker of a machine at work is told."""

from app.engine.processor import Frame, Processor
from app.engine.work import Work
from app.guest.steps import SpinUntil, Step
from app.hw.messages import BusMessage


class Probe:
    """One onlooker; there may be any number (``Execution.probes``). It overrides what it wants to hear of, and changes
    nothing.

    *work* is what the CPUs were counted for since the moment before: of one step, and 0 cycles where time goes by
    without work. While a step is told, the clock still stands at its beginning.
    """

    def step_done(self, processor: Processor, frame: Frame, step: Step, work: Work) -> None:
        """*step* was done, by *frame* of *processor*, or by the host instead of what *frame* stands at."""

    def wait_began(self, processor: Processor, frame: Frame, step: SpinUntil, work: Work) -> None:
        """The first look at a word that is not yet what *frame* waits for."""

    def wait_ended(self, processor: Processor, frame: Frame, step: SpinUntil, work: Work) -> None:
        """The word is what *frame* waited for."""

    def frame_began(self, processor: Processor, frame: Frame) -> None:
        """*frame* lies on top of what the CPU does. What takes an interrupt has no name before that has arrived."""

    def frame_ended(self, processor: Processor, frame: Frame) -> None:
        """*frame* has come to its end, or a reset has thrown it away."""

    def message_posted(self, message: BusMessage, leaves: int, arrives: int) -> None:
        """*message* is on its way, from the end of the step that sent it; times are in virtual TSC cycles."""
