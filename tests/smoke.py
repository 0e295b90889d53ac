"""Looks at a running server from outside: `python tests/smoke.py http://127.0.0.1:8000`.

It must be healthy, open on a page, and have every file that the page asks for.
"""

import re
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

PATIENCE_SECONDS = 30


def get(address: str) -> str:
    with urlopen(address, timeout=5) as answer:  # HTTPError for anything but success
        body: bytes = answer.read()
    return body.decode()


def wait_until_healthy(server: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            get(f"{server}/healthz")
            return
        except URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def main(server: str) -> None:
    wait_until_healthy(server)
    page = get(server)
    files = sorted(set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page)))
    if not files:
        sys.exit(f"the page at {server} asks for no static file; was it packaged?\n{page[:500]}")
    for file in files:
        get(server + file)
    print(f"healthy; the page and its {len(files)} files are there")


if __name__ == "__main__":
    main(sys.argv[1])
