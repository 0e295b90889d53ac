"""The courses that one session has taken. Each but the first leaves an earlier one behind some tick, and has that one's
past up to there.

Nothing of a branch ever changes: its journal and its head only grow.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import attrgetter

from app.engine.journal import Moment, moment_at
from app.history.journal import Entry

_tick_of = attrgetter("tick")


class Branch:
    """One course. *leaves_at* is the last tick that it shares with *parent*, and later than that at which the parent
    itself leaves another; 0 for the first."""

    def __init__(
        self,
        number: int,
        name: str,
        parent: "Branch | None" = None,
        leaves_at: int = 0,
        journal: Sequence[Entry] = (),
        head: Moment | None = None,
    ) -> None:
        #: Its place among the branches of its session, from 0.
        self.number = number
        self.name = name
        self.parent = parent
        self.leaves_at = leaves_at
        #: What was asked since it left its parent.
        self.journal = list(journal)
        #: The last moment that it has reached.
        self.head = head or moment_at(leaves_at, 0)

    @property
    def leaves(self) -> Moment:
        """The last moment that it shares with *parent*: then somebody acted. The beginning for the first."""
        return moment_at(self.leaves_at, self.journal[0].time if self.parent and self.journal else 0)

    def owner(self, tick: int) -> "Branch":
        """The branch that *tick* of this course belongs to: this one, or the one with which it is shared."""
        branch = self
        while branch.parent is not None and tick <= branch.leaves_at:
            branch = branch.parent
        return branch

    def line(self) -> "list[tuple[Branch, int | None]]":
        """This course, its own part first: each branch of it with the last tick that counts. None is no limit."""
        found: list[tuple[Branch, int | None]] = []
        branch = self
        limit: int | None = None
        while branch.parent is not None:
            found.append((branch, limit))
            branch, limit = branch.parent, branch.leaves_at
        return [*found, (branch, limit)]

    def shared_with(self, other: "Branch") -> Moment | None:
        """The last moment that both courses have; None where one is the other."""
        mine = {id(branch): limit for branch, limit in self.line()}
        shared, theirs = next((branch, limit) for branch, limit in other.line() if id(branch) in mine)
        limits = [limit for limit in (mine[id(shared)], theirs) if limit is not None]
        if not limits:
            return None
        leaving = [branch for branch, _ in (*self.line(), *other.line()) if branch.parent is shared]
        return min((branch.leaves for branch in leaving), default=shared.head)

    def next_entry(self, tick: int) -> Entry | None:
        """The first command of this course with at least so many ticks before it; None when there is none."""
        if tick >= self.leaves_at:  # as nearly always
            return _first(self.journal, tick)
        for branch, limit in reversed(self.line()):
            entry = _first(branch.journal, tick)
            if entry is not None and (limit is None or entry.tick < limit):
                return entry
        return None

    def whole_journal(self) -> Iterator[Entry]:
        """Every command of this course, from the beginning of the session."""
        for branch, limit in reversed(self.line()):
            for entry in branch.journal:
                if limit is not None and entry.tick >= limit:
                    break
                yield entry


def _first(journal: list[Entry], tick: int) -> Entry | None:
    if not journal or journal[-1].tick < tick:
        return None
    return journal[bisect_left(journal, tick, key=_tick_of)]
