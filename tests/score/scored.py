"""Sessions with a score, for tests that read it."""

from app.commands.command import Stimulus
from app.engine.simulation import Simulation
from app.history.simulation_keyframes import simulation_keyframes
from app.history.timeline import Timeline
from app.score.course import Course, Span
from app.score.line import Line, Part
from app.score.scribe import Scribe


class Scored:
    """A session that was followed from its beginning, and stands at its head."""

    def __init__(self, cpus: int = 2, backend: str = "native-xapic") -> None:
        simulation = Simulation(cpus, backend)
        self.timeline = Timeline(simulation, simulation_keyframes(lambda: 0.0))
        self.course = Course()
        Scribe(self.course, simulation)
        self.line = Line([Part(self.course)])

    def do(self, *commands: Stimulus) -> "Scored":
        """Does these, one after the other, at once."""
        for command in commands:
            self.timeline.apply(command)
        return self

    def run(self, operations: int = 100_000) -> "Scored":
        """Runs until nothing is left to do."""
        self.timeline.run(operations=operations, until_idle=True)
        return self

    def wait(self, cycles: int) -> "Scored":
        """Lets so much time go by."""
        self.timeline.run(until=self.timeline.moment.time + cycles)
        return self

    def of(self, kind: str, **fields: object) -> list[Span]:
        """The spans of that kind whose fields are these."""
        return [
            span
            for span in self.line.spans()
            if span.kind == kind and all(getattr(span, name) == value for name, value in fields.items())
        ]
