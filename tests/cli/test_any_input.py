"""Whatever a person names or a file holds: a command ends as its ``--help`` says, with a line for what is unusable."""

import gzip
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.__main__ import COMMANDS, main
from app.backends.catalogue import BACKENDS
from app.guest.generations import GENERATIONS
from app.hw.profile import PROFILES
from tests.cli.commands import ROOT

NO_SUCH = "no-such-file"
#: So much of a file that is good is changed here and there; all of it would take its time.
_LINES = 60


def head(path: Path) -> bytes:
    """The first lines of a file, plain."""
    raw = path.read_bytes()
    plain = gzip.decompress(raw) if path.suffix == ".gz" else raw
    return b"\n".join(plain.splitlines()[:_LINES]) + b"\n"


CONFORMANCE = [head(path) for path in sorted((ROOT / "tests/conformance").glob("*.jsonl"))]
LOGS = [head(path) for path in sorted((ROOT / "app/trace/samples").glob("*.gz"))]
SHEETS = [path.read_bytes() for path in sorted((ROOT / "app/costs/sheets").glob("*.toml"))]

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


@st.composite
def bent(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """A good file in which some bytes are others, or lines are gone, twice there or out of order."""
    lines = draw(st.sampled_from(originals)).splitlines(keepends=True)
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(lines) - 1))
        line = lines[place]
        at = draw(st.integers(0, len(line)))
        lines[place] = (
            line[:at]
            + draw(st.binary(max_size=6) | st.sampled_from([b"-1", b"99999999999999999999", b"0x"]))
            + line[at + draw(st.integers(0, 6)) :]
        )
    if draw(st.booleans()):
        lines = draw(st.permutations(lines))
    return b"".join(lines)


@st.composite
def mistyped(draw: st.DrawFn) -> bytes:
    """A conformance set in which single values are something else."""
    lines = draw(st.sampled_from(CONFORMANCE)).splitlines()
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, min(20, len(lines) - 1)))
        entry = json.loads(lines[place])
        if isinstance(entry, dict) and entry:
            entry[draw(st.sampled_from(sorted(entry)))] = draw(json_values)
        lines[place] = json.dumps(entry).encode()
    return b"\n".join(lines)


plain_contents = (
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode())
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.lists(json_values, max_size=5).map(lambda values: "\n".join(map(json.dumps, values)).encode())
    | mistyped()
    | bent(CONFORMANCE)
    | bent(LOGS)
    | bent(SHEETS)
)
contents = (
    plain_contents
    | plain_contents.map(gzip.compress)
    | st.tuples(plain_contents.map(gzip.compress), st.integers(0, 60)).map(lambda cut: cut[0][: -cut[1] or None])
)
#: What no shell can hand over is left out: a NUL, and half of a pair of surrogates.
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@st.composite
def files(draw: st.DrawFn) -> str | bytes:
    """Contents for a file to be written; or the name of what is there, or is not."""
    return draw(contents | st.sampled_from([NO_SUCH, ".", "", "/", "/dev/null", "x" * 300]) | words)


def options(**values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Some of these options, each with a value or without."""
    one = [st.tuples(st.just(f"--{name.replace('_', '-')}"), value).map(list) for name, value in values.items()]
    flags = st.sampled_from([["--json"], ["--csv"], ["--nonsense"]])
    return st.lists(st.one_of(*one, flags), max_size=3).map(lambda parts: [word for part in parts for word in part])


PROFILE = st.sampled_from(sorted(PROFILES)) | words
BACKEND_LISTS = st.lists(st.sampled_from(sorted(BACKENDS)) | words, max_size=3).map(",".join)
FIGURES = st.tuples(st.sampled_from(["2007", "skylake-sp", "none"]), st.sampled_from(["vm_exit", "decode", "x"]), words)
COSTS = st.sampled_from(["2007", "skylake-sp", "amd-zen3"]) | words | FIGURES.map(lambda f: f"{f[0]}?{f[1]}={f[2]}")
WORKLOADS = st.tuples(st.sampled_from(["smp_call_function", "flush_tlb_others", "x"]), st.integers(-1, 300) | words)
NUMBERS = st.integers().map(str) | st.floats().map(str) | words


class Outcome(NamedTuple):
    status: object
    stdout: str
    stderr: str


_numbers = count()
_FOLDER = tempfile.TemporaryDirectory(prefix="apicscope-")


@contextmanager
def streams() -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    """Standard output and error as a process has them: a name in another encoding must not end in a traceback."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", errors) for errors in ("strict", "backslashreplace"))
    before = sys.stderr
    sys.stderr = err
    try:
        with redirect_stdout(out):
            yield out, err
    finally:
        sys.stderr = before


def apicscope(command: str, *arguments: str | bytes) -> Outcome:
    """Runs a command in this process. Bytes become a file of that content."""
    words = [argument if isinstance(argument, str) else written(argument) for argument in arguments]
    with streams() as (out, err):
        status: object
        try:
            status = main([command, *words])
        except SystemExit as left:
            status = left.code
        said = []
        for stream in (out, err):
            stream.flush()
            said.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]  # it is a BytesIO
    return Outcome(status, *said)


def written(content: bytes) -> str:
    path = Path(_FOLDER.name, f"{next(_numbers)}.file")
    path.write_bytes(content)
    return str(path)


def assert_as_documented(outcome: Outcome, statuses: set[int], *, files: int = 1) -> None:
    assert outcome.status in statuses
    assert "Traceback" not in outcome.stderr
    lines = outcome.stderr.splitlines()
    if outcome.status != 2:
        assert lines == []
    elif lines[0].startswith("usage: "):
        assert lines[-1].startswith("apicscope")
        assert ": error: " in lines[-1]
    else:
        assert 1 <= len(lines) <= files, "a line for each file that is unusable"
        assert all(line.startswith("apicscope: ") and len(line) > len("apicscope: ") for line in lines)


@given(files(), options(profile=PROFILE))
def test_replay_explains_or_refuses(log: str | bytes, chosen: list[str]) -> None:
    assert_as_documented(apicscope("replay", *chosen, "--", log), {0, 1, 2})


@given(st.lists(files(), min_size=1, max_size=3), options(profile=PROFILE))
def test_conformance_counts_or_refuses(sets: list[str | bytes], chosen: list[str]) -> None:
    outcome = apicscope("conformance", *chosen, "--", *sets)

    assert_as_documented(outcome, {0, 1, 2}, files=len(sets))


@given(
    files() | WORKLOADS.map(lambda workload: f"{workload[0]}:{workload[1]}"),
    options(backends=BACKEND_LISTS, costs=COSTS, generation=st.sampled_from(sorted(GENERATIONS)) | words),
)
def test_compare_compares_or_refuses(workload: str | bytes, chosen: list[str]) -> None:
    assert_as_documented(apicscope("compare", *chosen, "--", workload), {0, 2})


@given(files(), st.sampled_from(["smp_call_function:2", NO_SUCH]))
def test_compare_takes_a_sheet_or_says_what_is_wrong_with_it(sheet: str | bytes, workload: str) -> None:
    given_as = sheet if isinstance(sheet, str) else written(sheet)

    assert_as_documented(apicscope("compare", f"--costs={given_as}", "--", workload), {0, 2})


@given(st.lists(words, max_size=2), options(hours=NUMBERS))
def test_bench_refuses_what_it_does_not_know(names: list[str], chosen: list[str]) -> None:
    assert_as_documented(apicscope("bench", *chosen, "--", *names, "no-such-benchmark"), {2})


#: An address for documentation (RFC 5737), which no machine has: nothing is ever served here.
NOBODYS = "--host=192.0.2.1"


@given(
    options(
        port=NUMBERS,
        allow_host=words,
        allow_origin=words | words.map(lambda word: f"http://{word}"),
        root_path=words | words.map(lambda word: f"/{word}"),
        forwarded_allow_ips=words | NUMBERS,
        sleep_after=NUMBERS,
        session_memory=NUMBERS,
        sockets_per_address=NUMBERS,
    )
)
def test_serve_refuses_what_it_cannot_have(chosen: list[str]) -> None:
    assert_as_documented(apicscope("serve", *chosen, NOBODYS), {2})


@pytest.mark.parametrize("host", ["a..b", "a" * 64, "\udcff", "-", ":", "::1::", "[::1]", "1.2.3.4.5", "192.0.2.1"])
def test_host_that_cannot_be_had_is_one_line(host: str) -> None:
    outcome = apicscope("serve", f"--host={host}", "--port=0")

    assert_as_documented(outcome, {2})
    assert len(outcome.stderr.splitlines()) == 1


@given(st.lists(words, min_size=1, max_size=3))
def test_what_is_no_command_is_refused(arguments: list[str]) -> None:
    if arguments[0] in COMMANDS or arguments[0][:1] in ("-", ""):
        arguments.insert(0, "no-such-command")

    assert_as_documented(apicscope(arguments[0], *arguments[1:]), {2})


@pytest.mark.parametrize("command", ["replay", "conformance", "compare"])
def test_file_whose_name_is_no_text_is_read_all_the_same(command: str) -> None:
    source = next((ROOT / "tests/conformance").glob("*.jsonl")).read_bytes() if command == "conformance" else LOGS[0]
    path = os.fsencode(_FOLDER.name) + b"/\xff\xfe.log"
    Path(os.fsdecode(path)).write_bytes(source)

    outcome = apicscope(command, os.fsdecode(path))

    assert_as_documented(outcome, {0, 1, 2})
