"""Frames: when the next one is due, and what is in it."""

import time

from app.session.drive import Drive
from app.session.hub import Hub
from app.state.event_records import EventRecord, event_record
from app.state.shapes import Condition, State

_FRAME = 1 / 30
#: So long what happens may wait when nobody watches.
_UNWATCHED_FRAME = 0.5
#: Of building and encoding frames, no more than this share of the time.
_FRAME_SHARE = 0.25
#: Of a flood of events, no more are put into words than anyone could get.
_EVENTS_IN_WORDS = 200


class Publisher:
    """Builds the state of *drive* and hands it to *hub*; viewers are told thirty times a second at most, whoever asks
    for whatever meanwhile."""

    def __init__(self, hub: Hub, drive: Drive) -> None:
        self._hub = hub
        self._drive = drive
        self._next_frame = 0.0
        self._promised = False
        self._jumps = drive.jumps
        #: Something may have changed since the last state was built.
        self.unseen = True

    @property
    def behind(self) -> bool:
        """There is something that viewers have not been shown."""
        return self.unseen or self._hub.unshown

    @property
    def due(self) -> bool:
        """There is something to show, and it is time to."""
        return self.behind and time.monotonic() >= self._next_frame

    @property
    def overdue(self) -> bool:
        """It is time even if nobody watches."""
        return self.unseen and time.monotonic() >= self._next_frame + _UNWATCHED_FRAME

    @property
    def seconds_until_due(self) -> float:
        """How long until another frame may follow the last."""
        return max(0.001, self._next_frame - time.monotonic())

    def publish(self, condition: Condition) -> None:
        """Makes the present state the newest and shows it; *condition* is what the machine does not know of itself."""
        began = time.monotonic()
        if self.unseen:
            self.number(condition)
        if self._hub.unshown:
            self._hub.show()
        spent = time.monotonic() - began
        self._next_frame = began + max(_FRAME, spent / _FRAME_SHARE)

    def number(self, condition: Condition) -> None:
        """Makes the present state the newest, for whoever asks for it; it is shown when the next frame is due."""
        self.unseen = False
        state: State = {
            "time": self._drive.time,
            **condition,
            "viewers": len(self._hub.viewers),
            **self._drive.state(),
        }
        if self._jumps == self._drive.jumps:
            self._hub.number(state, self._records(), promised=self._promised, score=self._drive.score)
        else:
            self._jumps = self._drive.jumps
            self._hub.jump(state, self._records(), self._drive.happened, self._drive.score)
        self._promised = False

    def promise(self) -> int:
        """The number of the state that shows all that has been done by now: the newest, or the next, which will be
        published under that number even if it is the same."""
        if not self.unseen:
            return self._hub.seq
        self._promised = True
        return self._hub.seq + 1

    def _records(self) -> list[EventRecord]:
        log = self._drive.take_log()
        first = self._drive.happened - len(log) + 1
        newest = range(max(0, len(log) - _EVENTS_IN_WORDS), len(log))
        return [event_record(first + index, *log[index], self._drive.vector_names) for index in newest]
