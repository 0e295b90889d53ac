"""What will happen at a time that is known: messages that arrive; and where time ends."""

from typing import NamedTuple

from app.hw.messages import BusMessage

#: Virtual time ends here, where a browser's numbers end: a deadline beyond it, such as the all ones that disarm a timer
#: for good, never comes.
END_OF_TIME = 2**53 - 1


class Flight(NamedTuple):
    """A message on its way, with when the step began that sends it, and when it arrives."""

    message: BusMessage
    sent: int
    arrives: int
