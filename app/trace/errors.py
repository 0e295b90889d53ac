"""What is wrong with a recording that cannot be used."""


class UnusableRecording(ValueError):
    """The input is not what it should be. The message is one sentence for its owner: what is wrong, and where."""

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what if line is None else f"line {line}: {what}")
        self.what = what
        #: The line that is to blame, counted from 1; None when it is the file as a whole.
        self.line = line


class OtherFormat(UnusableRecording):
    """The input is something else than a recording that can be read; the message says what it seems to be."""


class TooLargeRecording(UnusableRecording):
    """The input is more than is taken; the message says of what, how much was found, and what to do."""
