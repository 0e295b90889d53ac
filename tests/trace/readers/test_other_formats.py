"""What people send instead of a log is called by its name."""

import gzip

import pytest

from app.trace.errors import UnusableRecording
from app.trace.readers.other_formats import named
from app.trace.readers.registry import read_recording
from tests.trace.log_lines import SVR, LogLines


def refusal(data: bytes) -> str:
    with pytest.raises(UnusableRecording) as caught:
        read_recording("upload", data)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# tracer: nop\n#\n", "line 1: this is ftrace text"),
        ("cpus=4\n", "line 1: this is ftrace text"),
        ("          <idle>-0       [003] d.h..    2.1: local_timer_entry: vector=236\n", "line 1: this is ftrace text"),
        ("     rec-185     2d.h..     7.685369: local_timer_entry:    vector=236\n", "line 1: this is ftrace text"),
        ("kworker/0:1-185   [002]     7.685369: kvm_eoi:    apicid 0 vector 33\n", "line 1: this is ftrace text"),
        ("CPU:1 [LOST 184 EVENTS]\n", "line 1: this is ftrace text"),
        (
            " qemu-system-x86 105 [001] 98222.234315: kvm:kvm_set_irq: gsi 4\n",
            "line 1: this is the output of `perf script`",
        ),
        (
            "perf   114/114   [000]  7.162640715:  sched:sched_waking: x\n",
            "line 1: this is the output of `perf script`",
        ),
        ("[000]     7.162640:    1 sched:sched_waking: x\n", "line 1: this is the output of `perf script`"),
        ("# ========\n# captured on    : Mon Nov 30\n", "line 2: this is the output of `perf script`"),
        (
            "ioapic_set_irq 3.200 pid=4242 vector=0x4 level=0x1\n",
            "line 1: this is the output of QEMU's scripts/simpletrace",
        ),
        ("ioapic_set_irq 0.000 vector=0x4 level=0x1\n", "line 1: this is the output of QEMU's scripts/simpletrace"),
        ("dumping local APIC state for CPU 0\n", "line 1: this is a snapshot of one APIC"),
        ("(qemu) info lapic\n", "line 1: this is a snapshot of one APIC"),
        ("00000000000i[APIC0 ] local APIC in CPU0 initializing\n", "line 1: this is a log of Bochs"),
        ("\n\nAnalyze events for all VMs, all VCPUs:\n", "line 3: this is a report of `perf kvm stat`"),
        (
            "# started on Mon\n\n Performance counter stats for 'system wide':\n",
            "line 3: this is the output of `perf stat`",
        ),
        ("      1,234      kvm:kvm_exit\n", "line 1: this is the output of `perf stat`"),
        ("           CPU0       CPU1\n  0:  82  0  IO-APIC\n", "line 1: this is a copy of /proc/interrupts"),
        ("ipi=1200/s eoi=4000/s\n", "line 1: this is a table of rates"),
        ("sends=1200\n", "line 1: this is a table of rates"),
        ("register,rate\nICR,1200\n", "line 2: this is a table (CSV)"),
        ('{"format": "apic-conformance/1", "cpus": 4}\n', "line 1: this is a conformance set"),
        ('\n{"hello": 1}\n', "line 2: this is JSON or markup"),
        ("<!doctype html>\n", "line 1: this is JSON or markup"),
        ("[    0.000000] Linux version 6.1\n", "line 1: this is a kernel log"),
        ("Nov 30 05:33:47 host kernel: Linux version 6.1\n", "line 1: this is a system log"),
        (
            "[05:33:47.177126000] (+?.?????????) host qemu:ioapic_set_irq: { }\n",
            "line 1: this is the output of babeltrace",
        ),
    ],
)
def test_text_is_known_by_its_lines(text: str, said: str) -> None:
    assert said in refusal(text.encode())


@pytest.mark.parametrize(
    ("beginning", "said"),
    [
        (b"PERFILE2\x68\0\0\0", "perf.data"),
        (b"\xff" * 8 + b"\xb4\x29\xa4\x0a\xcb\x77\xb1\xf2\4\0\0\0", "QEMU's binary trace (simpletrace)"),
        (b"\x17\x08\x44tracing6\0", "trace-cmd file (trace.dat)"),
        (b"\xc1\x1f\xfc\xc1\0", "binary CTF trace"),
        (b"\xfd7zXZ\x00\0", "xz-compressed"),
        (b"\x28\xb5\x2f\xfd\0", "zstd-compressed"),
        (b"\x04\x22\x4d\x18\0", "lz4-compressed"),
    ],
)
def test_a_binary_file_is_known_by_its_first_bytes_packed_or_not(beginning: bytes, said: str) -> None:
    assert said in refusal(beginning)
    assert said in refusal(gzip.compress(beginning))


def test_a_log_is_none_of_them() -> None:
    assert named(LogLines().started(2).handled(1, 0x41).lines) is None


def test_a_table_among_a_logs_first_lines_does_no_harm() -> None:
    log = LogLines().line("a,1").line("[    0.000000] Linux version 6.1").write(0, SVR, 0x1FF)

    assert len(log.recording().operations) == 1
