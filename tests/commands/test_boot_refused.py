"""A CPU that is online cannot boot itself: the kernel refuses, and so does whoever reads the command."""

import pytest

from app.commands.fields import InvalidCommand
from app.commands.guest import CallGuest
from app.commands.reading import read_command


def boot(target: int) -> dict[str, object]:
    return {"type": "call_guest", "cpu": 1, "function": "do_boot_cpu", "arguments": {"cpu": target}}


def test_refusal_says_why() -> None:
    with pytest.raises(InvalidCommand) as refused:
        read_command(boot(1), 4)

    assert refused.value.errors == [
        ("arguments.cpu", "must be another CPU: CPU 1 is online, and cpu_up() answers -EINVAL")
    ]


def test_another_cpu_can_be_booted() -> None:
    assert read_command(boot(2), 4) == CallGuest(1, "do_boot_cpu", 2)
