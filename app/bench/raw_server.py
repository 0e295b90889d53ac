"""A server that has nothing to do but to send: the measure for what a viewer costs.

``python -m app.bench.raw_server FILE SECONDS`` sends the messages of a file, one a line, to whoever has connected, at
one pace, over and over. It is the server of the WebSocket library that the dashboard uses, with a task for each viewer
and one for all that sends, and nothing of ours.
"""

import asyncio
import sys
from itertools import cycle
from pathlib import Path

from websockets.asyncio.server import ServerConnection, broadcast, serve


async def main(messages: list[str], seconds: float) -> None:
    """Sends *messages* for ever, the next after so many *seconds*."""
    loop = asyncio.get_running_loop()
    open_ones: set[ServerConnection] = set()

    async def watched(connection: ServerConnection) -> None:
        open_ones.add(connection)
        await connection.wait_closed()
        open_ones.discard(connection)

    async with serve(watched, "127.0.0.1", 0, compression=None) as server:
        host, port = next(iter(server.sockets)).getsockname()
        sys.stdout.write(f"ws://{host}:{port}/\n")
        sys.stdout.flush()
        due = loop.time()
        for message in cycle(messages):
            broadcast(open_ones, message)
            due = max(due + seconds, loop.time())
            await asyncio.sleep(due - loop.time())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_text().splitlines(), float(sys.argv[2])))
