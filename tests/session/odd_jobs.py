"""Jobs for a workshop under test; they are done in its processes."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from app.session.worker import Tell


def answer_to(_: Tell, number: int) -> int:
    return 2 * number


def who_does_it(_: Tell) -> int:
    return os.getpid()


def in_parts(_: Tell, count: int) -> Iterator[list[int]]:
    for number in range(count):
        yield [number] * 1000


def told(tell: Tell) -> None:
    for done in range(3):
        tell("counting", done, 3)
        time.sleep(0.15)


def refuse(_: Tell) -> None:
    raise ValueError("line 7: not a log")


def break_down(_: Tell) -> None:
    raise KeyError("a fault of ours")


def die(_: Tell) -> None:
    os._exit(3)


def spin_for_ever(_: Tell, pids: str) -> None:
    Path(pids).write_text(str(os.getpid()))
    while True:
        pass


def take_memory(_: Tell) -> int:
    return len(bytearray(1 << 31))


def wait_for(_: Tell, path: str) -> None:
    while not Path(path).exists():
        time.sleep(0.01)


def talk_out_of_turn(_: Tell) -> str:
    sys.stdout.write("this is no frame\n")
    sys.stdout.flush()
    return "done"
