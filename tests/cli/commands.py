"""Runs the program as its users do."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def apicscope(*arguments: str | Path, within: float = 60) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=within, check=False)
