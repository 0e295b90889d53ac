"""A machine that is asked for its caption."""

from collections.abc import Callable
from typing import Any

from app.commands.command import Stimulus
from app.commands.reading import read_command
from app.engine.simulation import Simulation
from app.hw.profile import PROFILES
from app.session.simulated import SimulatedDrive
from app.state.shapes import CaptionState
from app.x86.registers import Register


class Machine:
    """A session of four CPUs, driven as people drive it."""

    def __init__(self, backend: str = "native-xapic", profile: str = "intel-sdm") -> None:
        self.drive = SimulatedDrive(Simulation(4, backend, profile=PROFILES[profile]))

    def do(self, kind: str, **fields: Any) -> None:
        command = read_command({"type": kind, **fields}, 4)
        assert isinstance(command, Stimulus)
        self.drive.apply(command)
        self.drive.run(until_idle=True, operations=2_000)

    def until(self, came: Callable[[Simulation], bool]) -> None:
        while not came(self.drive.simulation):
            assert self.drive.run(operations=1), "it never came"

    def write(self, register: Register, value: int, cpu: int = 2) -> None:
        self.do("write_register", cpu=cpu, register=register.name, value=value)

    def hold(self, cpu: int = 2) -> None:
        self.do("set_interrupt_flag", cpu=cpu, enabled=False)

    def ipi(self, vector: int = 0x61, destination: int = 2, **fields: Any) -> None:
        self.do("send_ipi", cpu=0, vector=vector, destination=destination, **fields)

    def told_to_send(self, vector: int, destination: int = 2) -> None:
        """As ``ipi``, but time stands still."""
        command = read_command({"type": "send_ipi", "cpu": 0, "vector": vector, "destination": destination}, 4)
        assert isinstance(command, Stimulus)
        self.drive.apply(command)

    @property
    def caption(self) -> CaptionState:
        return self.drive.state()["caption"]

    @property
    def words(self) -> str:
        return self.caption["words"]


def stimulus(kind: str, **fields: Any) -> Stimulus:
    command = read_command({"type": kind, **fields}, 4)
    assert isinstance(command, Stimulus)
    return command
