"""One measured figure, or the reason why there is none."""

from typing import NamedTuple


class NotMeasured(Exception):
    """It cannot be measured here, for a reason that the text says."""


class Figure(NamedTuple):
    """What was measured, how much of it, in which unit, and the aim if there is one."""

    name: str
    value: float
    unit: str
    aim: str = ""

    def as_json(self) -> dict[str, str | float]:
        """For programs."""
        return {"name": self.name, "value": self.value, "unit": self.unit}

    def line(self) -> str:
        """For people."""
        number = f"{self.value:,.0f}" if self.value >= 1000 else f"{self.value:.3g}"
        return f"{self.name:<58} {number:>10} {self.unit}" + (f"   (aim: {self.aim})" if self.aim else "")
