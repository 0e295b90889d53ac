"""The shapes of what is told of a recording, for the OpenAPI description; see ``shapes``."""

from pydantic import BaseModel, ConfigDict


class Limit(BaseModel):
    """Something that a file cannot show, from its line `line` on."""

    model_config = ConfigDict(extra="forbid")

    line: int
    says: str


class Difference(BaseModel):
    """Where a recording and the model differ: what each says, and why, as far as that is known."""

    line: int
    position: int
    time: int
    cpu: int | None
    recorded: str | None
    model: str | None
    why: str | None
    known_deviation: str | None
    text: str


class RecordingState(BaseModel):
    """How far a recording has been played, and what was found."""

    name: str
    position: int
    length: int
    finished: bool
    line: int
    reads_checked: int
    reads_mismatched: int
    vectors_checked: int
    vectors_mismatched: int
    unexplained: int
    checked: int
    unseen: int
    limits: list[Limit]
