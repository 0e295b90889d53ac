"""Runs every check of the project, the fast ones first, and prints one line for each and a failure in full.

    python tests/check.py           everything
    python tests/check.py --fast    while working: no browser, no slow test, no coverage

What the machine lacks (Node's tools, a browser) is "not run", which is a failure only under CI=true.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[1]
IN_CI = os.environ.get("CI") == "true"
PYTEST_NO_TESTS = 5


@dataclass(frozen=True, slots=True)
class Check:
    """A command that exits with 0 when all is well."""

    name: str
    command: list[str]
    lacking: str = ""  # why the machine cannot run it
    again: list[str] = field(default_factory=list)  # tries alone once more what has failed
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    check: Check
    verdict: Literal["ok", "FAILED", "not run"]
    output: str
    seconds: float = 0.0

    @property
    def acceptable(self) -> bool:
        return self.verdict == "ok" or (self.verdict == "not run" and not IN_CI)


def run(check: Check) -> Outcome:
    if check.lacking:
        return Outcome(check, "not run", check.lacking)
    started = time.monotonic()
    done = _done(check, check.command)
    output = done.stdout.strip()
    if done.returncode and check.again:
        done = _done(check, check.again)
        output += f"\n\nWhat failed, alone once more:\n{done.stdout.strip()}"
    seconds = time.monotonic() - started
    if "pytest" in check.command and done.returncode == PYTEST_NO_TESTS:
        return Outcome(check, "not run", "no test was selected", seconds)
    return Outcome(check, "FAILED" if done.returncode else "ok", output, seconds)


def _done(check: Check, command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=ROOT,
        # Bytecode is kept, whatever the environment says: each process would compile a thousand modules.
        env=os.environ | {"NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": ""} | check.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def python(name: str, *arguments: str) -> Check:
    return Check(name, [sys.executable, "-m", *arguments])


def node_tool(name: str, tool: str, *arguments: str) -> Check:
    """A tool from $APICSCOPE_NODE_TOOLS, from the packages of tests/js/package.json or from the PATH."""
    own = str(ROOT / "tests/js/node_modules/.bin")
    places = filter(None, [os.environ.get("APICSCOPE_NODE_TOOLS"), own, os.environ.get("PATH")])
    found = shutil.which(tool, path=os.pathsep.join(places))
    remedy = "install Node.js" if tool == "node" else "`npm ci --prefix tests/js` brings it"
    return Check(name, [found or tool, *arguments], lacking="" if found else f"no `{tool}` here; {remedy}")


def js_tests() -> Check:
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests/js").glob("*.test.mjs"))
    check = node_tool("js tests", "node", "--test", *files)  # without files, Node would look for some itself
    return check if files else replace(check, lacking="no tests/js/*.test.mjs")


def static_checks() -> list[Check]:
    lint_imports = "from importlinter.cli import lint_imports_command as main; main()"  # it has no `-m` form
    biome = ["ci", "--config-path=tests/js/js-lint.jsonc", "--error-on-warnings", "--colors=off"]
    return [
        python("types", "mypy"),  # the longest when it remembers nothing
        python("format", "ruff", "format", "--check"),
        python("lint", "ruff", "check", "--output-format=concise"),
        Check("rooms", [sys.executable, "-c", lint_imports, "--no-logo"]),
        node_tool("js style", "biome", *biome, "static", "tests/js"),
        node_tool("js types", "tsc", "--project", "tests/js"),
        js_tests(),
    ]


def coverage_checks() -> list[Check]:
    """The whole, then each room of pyproject's table against its floor, from what the tests have recorded."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    floors: dict[str, int] = settings["tool"]["apicscope"]["coverage"]
    floor_checks = [
        python(f"  {room}", "coverage", "report", f"--include={room}/*", f"--fail-under={floor}")
        for room, floor in floors.items()
    ]
    together = python("coverage parts", "coverage", "combine")
    return [together, python("coverage", "coverage", "report"), *floor_checks]


#: What failed, and nothing where no test did.
ONCE_MORE = ("--last-failed", "--last-failed-no-failures=none")


def browser_tests() -> Check:
    """Browsers on all cores: what is late there because others were at work is tried alone once more, and said."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    pytest = [sys.executable, "-m", "pytest", "-q", "-m", "e2e"]
    return Check(
        "browser tests",
        [*pytest, "-n", "auto", "--dist", "loadfile"],
        again=[*pytest, *ONCE_MORE],
        lacking="" if chromium else "no Chromium here; install it or name it in $CHROMIUM",
        environment={"CHROMIUM": chromium or ""},
    )


def hypothesis_profile(usual: str) -> dict[str, str]:
    """Of tests/conftest.py's profiles the one that somebody asks for, or the *usual* one."""
    return {"HYPOTHESIS_PROFILE": os.environ.get("HYPOTHESIS_PROFILE", usual)}


#: Whichever process is done first takes over: a few files with servers take as long as all the rest.
ON_EVERY_CORE = ("-n", "auto", "--dist", "worksteal")


def quick_tests() -> list[Check]:
    """One process for each core, which takes its share of the files: xdist's reports cost 3 ms for each quick test."""
    # To rewrite every assert, so that a failure shows its values, takes a third of the time: run what fails by itself.
    quick = ["-q", "--assert=plain", "--capture=sys", "-p", "no:xdist", "-m", "not e2e and not slow"]
    shares = os.cpu_count() or 1
    processes = [
        python(f"tests {share}/{shares}", "pytest", *quick, f"--share={share}/{shares}")
        for share in range(1, shares + 1)
    ]
    return [replace(process, environment=hypothesis_profile("quick")) for process in processes]


def thorough_tests() -> list[Check]:
    """Servers and sockets on all cores: what is late there because others were at work is tried alone once more, and
    said."""
    pytest = ["coverage", "run", "-m", "pytest", "-q", "-m", "not e2e"]
    measured = python("tests", *pytest, *ON_EVERY_CORE)
    measured = replace(measured, again=[sys.executable, "-m", *pytest, *ONCE_MORE])
    # The browser tests run apart: Playwright leaves an event loop running in the thread that others need.
    return [replace(measured, environment=hypothesis_profile("ci")), *coverage_checks(), browser_tests()]


def reported(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Passes the outcomes on, printing each as it comes."""
    for outcome in outcomes:
        print(f"{outcome.check.name:<14}{outcome.seconds:6.1f} s  {outcome.verdict}", end="")
        match outcome.verdict:
            case "ok":
                first, *again = outcome.output.split("\n\nWhat failed, alone once more:")
                late = [line for line in first.splitlines() if again and line.startswith(("FAILED", "ERROR"))]
                print("".join(f"\n  at the second try: {line}" for line in late))
            case "not run":
                print(f": {outcome.output}")
            case "FAILED":
                print(f"\n{outcome.output}\n")
        sys.stdout.flush()
        yield outcome


def summary(outcomes: list[Outcome], seconds: float) -> str:
    """The last lines: what is wrong, then pytest's own closing lines."""
    ran = [outcome for outcome in outcomes if outcome.verdict != "not run"]
    wrong = [outcome.check.name.strip() for outcome in outcomes if not outcome.acceptable]
    counts = f"{len(ran)} of {len(outcomes)} checks run in {seconds:.0f} s"
    verdict = f"not fine: {', '.join(wrong)}" if wrong else "all fine"
    closing = [o.output.splitlines()[-1] for o in ran if "pytest" in o.check.command and o.output]
    return "\n".join(["", f"{counts}, {verdict}", *closing])


def missing_tools() -> list[str]:
    """What the README's test command installs and this Python lacks."""
    tools = ("ruff", "importlinter", "mypy", "pytest", "xdist", "hypothesis", "coverage")
    return [tool for tool in tools if find_spec(tool) is None]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="no browser, no slow test, no coverage")
    fast: bool = parser.parse_args().fast
    started = time.monotonic()
    if missing := missing_tools():
        print(f"{sys.executable} lacks {', '.join(missing)}: use the README's test command, which installs them")
        return 2

    # In haste, everything shares the cores; otherwise the tests, which may look at the clock, come alone.
    together = (quick_tests() if fast else []) + static_checks()
    alone = [] if fast else thorough_tests()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(reported(pool.map(run, together)))
    outcomes += reported(map(run, alone))

    print(summary(outcomes, time.monotonic() - started))
    return 0 if all(outcome.acceptable for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
