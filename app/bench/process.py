"""What a process takes, as the kernel counts it."""

import os
import re
from pathlib import Path


def resident_bytes(process: int) -> int:
    """What *process* has in memory. OSError where there is no such process, or no ``/proc`` to ask."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None, "every process has a resident set"
    return int(found[1]) * 1024


def processor_seconds(process: int) -> float:
    """What *process* has taken of the processors so far, in all its threads. OSError as above."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])
    return (user + system) / os.sysconf("SC_CLK_TCK")
