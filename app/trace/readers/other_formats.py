"""What people have at hand that is not read: each is called by its name, with what to do instead.

Text is known by its lines, the rest by its first bytes. Sources: QEMU docs/devel/tracing, scripts/simpletrace.py and
hmp "info lapic"; trace-cmd.dat(5); perf.data file format; Bochs user manual, "Log file options".
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from app.trace.errors import OtherFormat

_RECORD_QEMU = "record a QEMU log instead: `apicscope replay --help` has the command"
_RATES = "which tells how often, but neither when nor who, so there is nothing to replay"


class Named(NamedTuple):
    """A format that is not read, found in *line*."""

    line: int
    meaning: str

    @property
    def refusal(self) -> OtherFormat:
        """What to tell whoever sent it."""
        return OtherFormat(f"this is {self.meaning}", self.line)


#: How lines begin of formats that are something else, and what they are. The first that fits counts.
_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (
            r"\s*(.+?\s+-?[0-9]+(/-?[0-9]+)?\s+)?\[[0-9]{3,}\]\s+[0-9]+\.[0-9]+:\s+([0-9]+\s+)?\w+:\w+:"
            r"|# captured on *:",
            f"the output of `perf script`, which replay does not read yet; {_RECORD_QEMU}",
        ),
        (
            r"# tracer:|cpus=[0-9]+\s*$|CPU:[0-9]+ \[(LOST )?[0-9]* ?EVENTS"
            r"|\s*.{1,16}?-[0-9]+\s+(\(.{7}\)\s+)?(\[[0-9]{3,}\]|[0-9]+\S{4,5})[-\s].*?[0-9.]+:\s",
            f"ftrace text, which replay does not read yet (`trace`, `trace_pipe`, `trace-cmd report`); {_RECORD_QEMU}",
        ),
        (
            r"[a-z]\w+ -?[0-9]+\.[0-9]{3} (pid=[0-9]+ )?\w+=",
            "the output of QEMU's scripts/simpletrace.py, which says neither PID nor time as a log does; "
            "let QEMU write its trace events to its log (--enable-trace-backends=log, the default, and -D FILE)",
        ),
        (
            r"(\(qemu\) )?info lapic|dumping local APIC state for CPU [0-9]+|LVT0\s+0x[0-9a-f]{8}\s",
            f"a snapshot of one APIC by QEMU's monitor (`info lapic`), not a log of what it did; {_RECORD_QEMU}",
        ),
        (
            r"[0-9]{8,}[-idep]+\[[^\]]{2,8}\]",
            f"a log of Bochs, which does not tell each access of an interrupt controller; {_RECORD_QEMU}",
        ),
        (
            r"# perf kvm|Analyze events for (all VMs|VM)|\s*(VM-EXIT|MMIO Access|IO Port Access)\s+Samples\s",
            f"a report of `perf kvm stat`, {_RATES}",
        ),
        (
            r"\s*Performance counter stats for|\s*[0-9][0-9.,']*\s+\w+:\w+\s*$",
            f"the output of `perf stat`, {_RATES}",
        ),
        (r"\s+CPU[0-9]+\s|== /proc/interrupts", f"a copy of /proc/interrupts, {_RATES}"),
        (r'\{.*"format":\s*"apic-conformance/', "a conformance set; `apicscope conformance` runs it"),
        (r"\[ *[0-9]+\.[0-9]{6}\] ", "a kernel log (dmesg), not QEMU's own log"),
        (
            r"\[[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}\] \(",
            "the output of babeltrace (LTTng, CTF); let QEMU write its trace events to its log (-trace and -D FILE)",
        ),
        (r"[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} \S+ ", "a system log, not QEMU's own log"),
        (r"\s*[\[{<]", "JSON or markup, not a log"),
        (
            r"\s*[\w./%-]+ *= *[0-9][0-9.,]*(/s)?(\s+[\w./%-]+ *= *[0-9][0-9.,]*(/s)?)*\s*$",
            f"a table of rates, {_RATES}",
        ),
        (r"(?=(.*[,;\t])?\s*\"?[0-9][0-9.]*\"?\s*([,;\t]|$)).*[,;\t]", f"a table (CSV), {_RATES}"),
    )
)

#: How files begin, and what they are.
MAGICS: tuple[tuple[bytes, str], ...] = (
    (b"PERFILE2", "perf.data, perf's binary file, which replay does not read; `perf script` prints it"),
    (
        b"\xff" * 8 + b"\xb4\x29\xa4\x0a\xcb\x77\xb1\xf2",
        "QEMU's binary trace (simpletrace), not its log; let QEMU write trace events to its log (-trace and -D FILE)",
    ),
    (b"\x17\x08\x44tracing", "a binary trace-cmd file (trace.dat), not a log; `trace-cmd report` prints it"),
    (b"\xc1\x1f\xfc\xc1", "a binary CTF trace (LTTng), not a log; babeltrace prints it"),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"\xfd7zXZ\x00", "xz-compressed; unpack it first (plain text and gzip are read)"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed; unpack it first (plain text and gzip are read)"),
    (b"\x04\x22\x4d\x18", "lz4-compressed; unpack it first (plain text and gzip are read)"),
    (b"BZh", "bzip2-compressed; unpack it first (plain text and gzip are read)"),
    (b"\x7fELF", "an ELF program or library, not a log"),
    (b"\x89PNG", "a picture, not a log"),
    (b"%PDF", "a PDF document, not a log"),
    (b"\xff\xfe", "UTF-16 text; save it as plain text"),
    (b"\xfe\xff", "UTF-16 text; save it as plain text"),
)


def named(head: Sequence[str]) -> Named | None:
    """What a file is whose first lines are *head*, by the first line that tells; None when none does."""
    for number, line in enumerate(head, 1):
        for pattern, meaning in _TEXTS:
            if pattern.match(line):
                return Named(number, meaning)
    return None
