"""What all courses of one session share, and how far one of them is."""

from typing import NamedTuple

#: So many names are told apart; others are "".
_MOST_NAMES = 60_000


class Position(NamedTuple):
    """How far a course was: the next span's id, and how many spans of the session had ended."""

    next_id: int
    ended: int

    @property
    def changes(self) -> int:
        """How many changes there had been in the session."""
        return self.next_id + self.ended


class Changes(NamedTuple):
    """What has changed in a course: the ids of the spans that began, and of those that began earlier and have ended."""

    began: list[int]
    ended: list[int]


class Mark(NamedTuple):
    """How far a course was: how many spans it held, the next one's id, and how many of the session had ended."""

    places: int
    next_id: int
    ended: int


class Numbers:
    """What all courses of one session share: the ids of spans, how many have ended, and the names."""

    def __init__(self, first_id: int = 1) -> None:
        self.next_id = first_id
        #: But for the newest ends, which the course that grows remembers.
        self.ended = 0
        self.names = Names()


class Names:
    """Names as numbers, "" as 0."""

    def __init__(self) -> None:
        self.words = [""]
        self._numbers = {"": 0}

    def number(self, word: str) -> int:
        """That of *word*; the same for ever."""
        number = self._numbers.get(word)
        if number is None:
            if len(self.words) >= _MOST_NAMES:
                return 0
            number = self._numbers[word] = len(self.words)
            self.words.append(word)
        return number
