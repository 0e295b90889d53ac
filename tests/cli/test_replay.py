import gzip
import io
import json
from pathlib import Path

import pytest

from app.__main__ import main
from app.cli.progress import Progress
from app.hw.profile import PROFILES
from tests.cli.commands import ROOT, apicscope
from tests.trace.log_lines import EOI, SVR, LogLines

pytestmark = pytest.mark.slow

BOOT = ROOT / "app/trace/samples/linux-6.1-boot-4cpu.qemu.log.gz"


def written(folder: Path, log: LogLines) -> Path:
    path = folder / "test.log"
    path.write_text(log.text())
    return path


def test_a_recorded_boot_is_explained() -> None:
    done = apicscope("replay", BOOT, "--json")

    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert result["source"] == str(BOOT)
    assert result["cpus"] == 4
    assert result["vectors_taken"]["checked"] == sum(sum(row) for row in result["taken"].values())
    assert result["vectors_taken"]["mismatched"] == 0
    assert {mismatch["known_deviation"] for mismatch in result["register_reads"]["mismatches"]} != {None}
    assert result["cost"]["native-xapic"]["exits"] == 0


def test_the_report_says_what_was_checked_who_took_what_and_what_it_costs() -> None:
    done = apicscope("replay", BOOT)

    assert done.returncode == 0
    for words in (
        "QEMU log, 4 CPUs, 23,831 lines",
        "known deviation, qemu: LVT masks are not forced",
        "0xec                  369      315      272      240",
        "trap-emulate",
        "The model explains this recording.",
    ):
        assert words in done.stdout


def test_profile_is_the_models(tmp_path: Path) -> None:
    log = written(tmp_path, LogLines().started(1).write(0, SVR, 0x1F0).read(0, SVR, 0x1FF))

    assert apicscope("replay", log, "--profile", "intel-p6").returncode == 0
    assert apicscope("replay", log).returncode == 1


def test_a_recorded_boot_is_explained_under_the_emulators_own_profile() -> None:
    done = apicscope("replay", BOOT, "--profile", "qemu")

    assert (done.returncode, done.stderr) == (0, "")


def test_unknown_profile_is_refused_with_the_known_ones() -> None:
    done = apicscope("replay", BOOT, "--profile", "pentium")

    assert (done.returncode, done.stdout) == (2, "")
    assert "argument --profile: invalid choice: 'pentium'" in done.stderr
    assert all(name in done.stderr for name in PROFILES)


def test_an_unexplained_difference_is_status_1(tmp_path: Path) -> None:
    done = apicscope("replay", written(tmp_path, LogLines().started(1).read(0, SVR, 0).taken(0, 0x41)))

    assert (done.returncode, done.stderr) == (1, "")
    assert "line 3: CPU 0 reads SVR (0x0f0): recorded 0x00000000, model 0x000001ff" in done.stdout
    assert "line 4: CPU 0 takes 0x41, the model nothing (nothing has requested it)" in done.stdout
    assert "2 differences that the model does not explain." in done.stdout


def test_differences_of_every_kind_are_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = LogLines().started(1).read(0, SVR, 0xFF).handled(0, 0x41)
    log.io_apic_read(0x10, 0).write(1, SVR, 0x1FF).write(0, EOI, 0).line("RAX=1")
    for _ in range(12):
        log.read(0, SVR, 0)

    assert main(["replay", str(written(tmp_path, log))]) == 1

    printed = capsys.readouterr().out
    assert "24 lines, 1 of them ignored" in printed
    assert "the I/O APIC's register 0x10: recorded 0x00000000, model 0x00010000" in printed
    assert "CPU 1 runs, but nothing in the recording has started it" in printed
    assert "… and 6 more" in printed


def test_many_cpus_have_their_columns_in_rows(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = LogLines().started(10)
    for cpu in range(10):
        log.write(cpu, 0x300, 0x40041).handled(cpu, 0x41)

    assert main(["replay", str(written(tmp_path, log))]) == 0

    printed = capsys.readouterr().out
    assert printed.count("vectors taken   ") == 3  # the checks, and two rows of CPUs
    assert "CPU 9" in printed


#: A line that is cut in the middle of a file; at its end it would be a limit of the recording.
CUT_INSIDE = LogLines().started(2).text()[:-30] + "\n" + LogLines().read(0, SVR, 0xFF).text()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"hello\n", "none of its 1 lines is a line of a QEMU log"),
        (b"\x00\x01\x02", "line 1: this is not text"),
        (gzip.compress(LogLines().started(2).text().encode())[:-9], "the gzip data is cut off"),
        (CUT_INSIDE.encode(), "line 6: this looks like a line of the log, but it is cut"),
        (b"# tracer: nop\n", "line 1: this is ftrace text"),
    ],
)
def test_unusable_input_is_status_2_and_one_line(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "bad.log"
    path.write_bytes(data)

    done = apicscope("replay", path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"apicscope: {path}: {said}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["missing.log", "."])
def test_a_file_that_cannot_be_opened_is_status_2(tmp_path: Path, name: str) -> None:
    done = apicscope("replay", tmp_path / name)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_progress_shows_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    progress = Progress()
    progress.show("reading", 1, 2)
    progress.show("reading", 1, 2)
    progress.clear()
    progress.clear()
    assert screen.getvalue() == "\rreading  50 %\x1b[K\r\x1b[K"

    paper = io.StringIO()
    monkeypatch.setattr("sys.stderr", paper)
    Progress().show("reading", 1, 2)
    assert paper.getvalue() == ""


def test_readme_shows_what_the_command_prints() -> None:
    shown = (
        (ROOT / "README.md").read_text().partition("    $ apicscope replay ")[2].partition("\nThe differences are")[0]
    )
    sample, *lines = shown.splitlines()

    done = apicscope("replay", sample)

    table = [line.removeprefix("    ") for line in lines if line.strip() not in ("", "…")]
    assert len(table) > 8
    assert [line.rstrip() for line in table if line not in done.stdout.splitlines()] == []
