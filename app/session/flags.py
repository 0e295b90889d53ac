"""Flags: words that people put at moments of a session, seen by all who watch it."""

from collections.abc import Iterable
from typing import NamedTuple

from app.commands.fields import InvalidCommand
from app.engine.journal import Moment, moment_at
from app.history.kept import KeptFlag, KeptMoment
from app.session.drive import NotPossible

#: Characters of a flag's word: it stands in the score.
LONGEST_WORD = 60
#: Flags that a session may have at once.
MOST_FLAGS = 500


def flag_word(written: str) -> str:
    """The word as a flag has it. InvalidCommand when it is none: one line for people to read."""
    word = written.strip()
    if not 0 < len(word) <= LONGEST_WORD:
        raise InvalidCommand([("word", f"must have 1 to {LONGEST_WORD} characters")])
    if not word.isprintable():
        raise InvalidCommand([("word", "has characters that cannot be printed: it is one line")])
    return word


class UnknownFlag(LookupError):
    """The session has no flag of that number (any more)."""


class Flag(NamedTuple):
    """A word at a moment of a branch."""

    #: Within the session, from 0; none has it a second time.
    number: int
    branch: int
    moment: Moment
    word: str
    #: Who put it there; "" where nobody says.
    who: str
    #: Of the moment; "" where the session's moments have none.
    link: str


class Flags:
    """Those of one session. It had *kept* before this process, each with its moment; those that were removed, too."""

    def __init__(self, kept: Iterable[tuple[KeptFlag, KeptMoment]] = ()) -> None:
        self._flags: dict[int, Flag] = {}
        #: How often a flag has come or gone since the session began, in this process or an earlier one.
        self.changes = 0
        self._next = 0
        for flag, moment in kept:
            self._next = flag.flag + 1
            self.put(_flag_of(flag, moment))
            if flag.removed is not None:
                self.remove(flag.flag)

    def all(self) -> list[Flag]:
        """By branch and moment."""
        return sorted(self._flags.values(), key=lambda flag: (flag.branch, flag.moment, flag.number))

    def find(self, number: int) -> Flag:
        """UnknownFlag when there is none of that number."""
        try:
            return self._flags[number]
        except KeyError:
            raise UnknownFlag(number) from None

    def new_number(self) -> int:
        """The number of the next flag. NotPossible when there are enough."""
        if len(self._flags) >= MOST_FLAGS:
            raise NotPossible(f"the session has {MOST_FLAGS} flags, which is all that it takes: remove some first")
        number, self._next = self._next, self._next + 1
        return number

    def put(self, flag: Flag) -> None:
        """It stands from now on."""
        self._flags[flag.number] = flag
        self.changes += 1

    def remove(self, number: int) -> None:
        """It stands no longer. UnknownFlag."""
        self.find(number)
        del self._flags[number]
        self.changes += 1


def _flag_of(kept: KeptFlag, moment: KeptMoment) -> Flag:
    at = moment_at(moment.tick, moment.time)
    return Flag(kept.flag, moment.branch, at, kept.word, kept.who, kept.link)
