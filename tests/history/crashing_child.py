"""Run as a program: keeps commands without end, and says on its standard output which ones have been acknowledged.

    python crashing_child.py DIRECTORY

It goes on behind what is kept already. Whoever started it kills it.
"""

import os
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from app.history.store import Store
from tests.history.records import a_branch, a_command, a_keyframe, a_session

if TYPE_CHECKING:
    from concurrent.futures import Future

#: Commands that may wait for the disk at once.
WAITING = 5


def main(directory: Path) -> None:
    store = Store(directory)
    store.keep(a_session(), a_branch()).result()
    number = len(store.commands("ABC234", 0).result())
    waiting: deque[tuple[int, Future[None]]] = deque()
    while True:
        waiting.append((number, store.keep(a_command(number), a_keyframe(10 * number))))
        number += 1
        if len(waiting) == WAITING:
            acknowledged, future = waiting.popleft()
            future.result()
            os.write(1, f"{acknowledged}\n".encode())  # at once and whole, or not at all


if __name__ == "__main__":
    main(Path(sys.argv[1]))
