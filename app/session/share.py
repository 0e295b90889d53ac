"""How much of the process each session may have, so that many of them do not starve those who ask for something."""

#: Wall seconds that all running sessions together take of each round of the event loop.
_ROUND = 0.008
_LONGEST_SLICE = 0.004


class Share:
    """The sessions that run at this moment share one round."""

    def __init__(self) -> None:
        self._busy: set[object] = set()

    def busy(self, session: object, is_busy: bool) -> None:
        """*session* has something to run, or has nothing any more."""
        if is_busy:
            self._busy.add(session)
        else:
            self._busy.discard(session)

    def slice(self) -> float:
        """Wall seconds for which a session may run before the others get their turn."""
        return min(_LONGEST_SLICE, _ROUND / max(1, len(self._busy)))
