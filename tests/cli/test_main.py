import subprocess
import sys

import pytest

from app.__main__ import COMMANDS, main
from tests.cli.commands import ROOT, apicscope

pytestmark = pytest.mark.slow


def test_help_names_every_command() -> None:
    done = apicscope("--help")

    assert done.returncode == 0
    assert all(f"\n    {command}" in done.stdout for command in COMMANDS)


def test_an_unknown_command_is_refused_with_the_known_ones() -> None:
    done = apicscope("nonsense")

    assert done.returncode == 2
    assert all(command in done.stderr for command in COMMANDS)


def test_without_a_command_it_serves(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--port", "nonsense"])

    assert caught.value.code == 2
    assert "apicscope serve: error: argument --port" in capsys.readouterr().err


def test_reading_recordings_waits_for_no_web_server() -> None:
    script = "import sys; from app.__main__ import main; main(['conformance', '-h'])"
    loaded = f"try:\n {script}\nexcept SystemExit:\n sys.exit('fastapi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", f"import sys\n{loaded}"], cwd=ROOT, capture_output=True, check=False)

    assert done.returncode == 0


def test_reader_that_goes_away_early_is_no_fault() -> None:
    sample = "app/trace/samples/linux-6.1-boot-4cpu.qemu.log.gz"
    command = [sys.executable, "-m", "app", "replay", "--json", sample]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as replaying:
        assert replaying.stdout is not None
        assert replaying.stderr is not None
        replaying.stdout.close()
        complaints = replaying.stderr.read()

    assert complaints == b""
    assert replaying.returncode == 141
