import csv
import io
import json
import re
from pathlib import Path

import pytest

from app.backends.catalogue import BACKENDS
from app.costs.sheet import load_cost_sheet
from app.measure.scenarios import SCENARIOS
from tests.cli.commands import ROOT, apicscope
from tests.trace.log_lines import LogLines

pytestmark = pytest.mark.slow

BOOT = ROOT / "app/trace/samples/linux-6.1-boot-4cpu.qemu.log.gz"
STORM = ROOT / "tests/trace/recordings/linux-6.1-ipi-storm-4cpu.qemu.log.gz"


def test_a_scenario_is_compared_under_all_back_ends() -> None:
    done = apicscope("compare", "reschedule")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("reschedule: each CPU wakes the next one\n4 CPUs; natively 16 IPIs sent and 16 ")
    for name in BACKENDS:
        assert re.search(rf"^{name} +\S+ +\d", done.stdout, re.MULTILINE)
    assert "kvm-pv overrides " in done.stdout
    assert "- Idle CPUs halt" in done.stdout


def test_json_is_one_object() -> None:
    done = apicscope("compare", "smp_call_function:64", "--json", "--backends", "kvm-pv,xen-evtchn")

    found = json.loads(done.stdout)
    assert found["workload"] == "smp_call_function to 64 CPUs"
    assert [(row["backend"], row["hypercalls"]) for row in found["rows"]] == [("kvm-pv", 1), ("xen-evtchn", 128)]
    assert found["sheet"] == {
        "name": "sapphire-rapids",
        "title": load_cost_sheet("sapphire-rapids").title,
        "gigahertz": 2.0,
        "changed": [],
    }
    for row in found["rows"]:
        assert sum(row["shares"].values()) == row["cycles"]


def test_csv_has_a_line_for_each_back_end() -> None:
    done = apicscope("compare", "devices", "--csv")

    assert [line["backend"] for line in csv.DictReader(io.StringIO(done.stdout))] == list(BACKENDS)


def test_a_recorded_log_is_compared() -> None:
    done = apicscope("compare", STORM, "--json")

    found = json.loads(done.stdout)
    assert (done.returncode, found["workload"], found["cpus"]) == (0, str(STORM), 4)
    assert (found["sends"], found["eois"]) == (1170, 3236)
    assert [row["backend"] for row in found["rows"]] == list(BACKENDS)


def test_a_plain_log_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "plain.log"
    path.write_text(LogLines().started(2).ipi(0, 1, 0x41).handled(1, 0x41).text())

    done = apicscope("compare", path, "--json", "--backends", "vmi")

    assert (json.loads(done.stdout)["sends"], json.loads(done.stdout)["eois"]) == (3, 1)


# Costs


def test_costs_may_be_a_sheet_a_changed_one_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(load_cost_sheet("2007").with_values({"mmio_read": 151}).to_toml())

    def sheet(reference: str | Path) -> dict[str, object]:
        found = json.loads(apicscope("compare", "reschedule", "--json", "--costs", reference).stdout)
        assert isinstance(found["sheet"], dict)
        return found["sheet"]

    assert sheet("2007")["name"] == "2007"
    assert sheet("skylake-sp?vm_exit=900") == sheet("skylake-sp") | {
        "name": "skylake-sp-changed",
        "changed": ["vm_exit"],
    }
    assert sheet(path)["name"] == "mine"
    assert sheet("2007?" + "&vm_exit=1" * 100)["changed"] == ["vm_exit"]  # longer than any file's name


def test_back_ends_without_a_price_are_told_with_the_reason() -> None:
    done = apicscope("compare", "storm", "--costs", "2007")

    assert done.returncode == 0
    assert "without native-x2apic: 2007 has no figure for " in done.stdout


def test_a_back_end_that_never_met_the_kernel_is_told_with_the_reason() -> None:
    done = apicscope("compare", "reschedule", "--generation", "linux-6")

    assert "without vmi: VMI left the kernel with 2.6.37" in done.stdout


# What cannot be


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["thunder"], "'thunder' is no scenario, function or file; scenarios: reschedule, call-function, "),
        (["no/such"], "no/such: no such file"),
        (["such.log"], "such.log: no such file"),
        (["such.log.gz"], "such.log.gz: no such file"),
        (["storm", "--costs", "no/such.toml"], "--costs: no/such.toml: no such file"),
        (["storm", "--costs", "such.toml"], "--costs: such.toml: no such file"),
        (["storm", "--costs", "/costs/1066"], "--costs: '/costs/1066' is no cost sheet: there are 2007, "),
        (["storm", "--costs", "2007?vm_exit=1/2"], "--costs: '2007?vm_exit=1/2' is no cost sheet: vm_exit must be a "),
        (["storm", "--costs", "2007?vm_exit=-5"], "--costs: '2007?vm_exit=-5' is no cost sheet: vm_exit must be 0 or "),
        (
            ["storm", "--backends", "vmi", "--generation", "linux-6"],
            "there is nothing to compare: vmi: VMI left the kernel with 2.6.37\n",
        ),
        (
            ["storm", "--backends", "apicv,kvm-pv", "--costs", "2007"],
            "there is nothing to compare: apicv: 2007 has no figure for virtual_apic_access: This hypervisor uses ",
        ),
        (["smp_call_function:256"], "'smp_call_function:256': the number of targets must be from 1 to 255, not '256'"),
        ([""], "'' is no scenario, function or file"),
        (["app"], "app: Is a directory"),
        (["README.md"], "README.md: none of its "),
        (
            ["storm", "--backends", "vmi,teleport"],
            "--backends: there is no back end 'teleport'; there are ",
        ),
        (["storm", "--backends", ""], "--backends: there is no back end ''"),
        (["storm", "--costs", "1066"], "--costs: '1066' is no cost sheet: there are 2007, "),
        (["storm", "--costs", "2007?vm_exit=lots"], "--costs: '2007?vm_exit=lots' is no cost sheet: vm_exit "),
        (
            ["storm", "--costs", "pyproject.toml"],
            "--costs: pyproject.toml: line 1, build-system: ",
        ),
        (["storm", "--costs", ""], "--costs: '' is no cost sheet: there are 2007, "),
        (["storm", "--costs", "app"], "--costs: app: Is a directory"),
        (["storm", "--costs", "2007?" + "&vm_exit=1" * 300], "--costs: '2007?&vm_exit=1"),
        (["x" * 5000], "'xxx"),
        (["storm", "--costs", str(BOOT)], f"--costs: {BOOT}: not UTF-8 text"),
    ],
)
def test_what_is_unusable_is_one_line_that_says_what_and_where(arguments: list[str], words: str) -> None:
    done = apicscope("compare", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"apicscope: {words}")
    assert done.stderr.count("\n") == 1


def test_a_cut_log_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "cut.log"
    path.write_text(LogLines().started(1).text() + "4711@1795333700.000009:memory_region_ops_write cpu 0 mr\n")

    done = apicscope("compare", path)

    assert done.returncode == 2
    assert re.match(rf"apicscope: {re.escape(str(path))}: line 3", done.stderr)


def test_a_sheet_that_cannot_price_even_the_hardware_is_refused(tmp_path: Path) -> None:
    own = re.sub(
        r"(\[mmio_read\]\n).*?(?=\n\[)",
        r'\1unavailable = "Nobody has measured it."',
        (ROOT / "app" / "costs" / "sheets" / "2007.toml").read_text(),
        flags=re.DOTALL,
    )
    path = tmp_path / "own.toml"
    path.write_text(own)

    done = apicscope("compare", "reschedule", "--costs", path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "apicscope: --costs: native-xapic: own has no figure for mmio_read: Nobody has measured it."
    ]


def test_help_names_scenarios_functions_and_sheets() -> None:
    done = apicscope("compare", "--help")

    for words in (*SCENARIOS, "smp_call_function", "flush_tlb_multi", "sapphire-rapids", "for 1 to 255 targets"):
        assert words in done.stdout


# README


def shown(begin: str) -> list[str]:
    """The lines of README.md behind the marker *begin* up to the one that ends it."""
    text = (ROOT / "README.md").read_text()
    inside = re.search(rf"<!-- {begin} -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert inside, f"README.md has no {begin}"
    return [line.removeprefix("    ") for line in inside[1].strip("\n").splitlines()]


@pytest.mark.parametrize("begin", ["compare: a storm", "compare: a function"])
def test_readme_shows_what_the_command_prints(begin: str) -> None:
    command, *lines = shown(begin)

    done = apicscope(*command.removeprefix("$ apicscope ").split())

    table = [line for line in lines if line and line != "…"]
    assert len(table) > len(BACKENDS)
    assert [line for line in table if line not in done.stdout.splitlines()] == []
