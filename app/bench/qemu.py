"""How many IPIs QEMU delivers a second, for comparison: two processors that answer each other, interpreted (TCG) in one
thread, in the processor time of the whole process. The guest is the firmware itself: it waits for nothing else."""

import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

from app.bench.result import Figure, NotMeasured

_PROGRAM = "qemu-system-x86_64"
_OPTIONS = (
    *("-accel", "tcg,thread=single", "-machine", "pc", "-smp", "2", "-m", "16", "-nodefaults", "-display", "none"),
    *("-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"),
)
#: IPIs that each of the two takes: in a run that shows what all else costs, and in the one that is measured.
_FEW, _MANY = 1_000, 200_000
_ROUNDS = 3
#: Wall seconds after which it will not come to an end any more.
_PATIENCE = 60

_SIZE = 0x1_0000
#: Where the parts lie in the firmware, which begins at 0xF0000.
_CODE, _GDT, _IDT, _RESET = 0x0000, 0x0200, 0x0400, 0xFFF0
_BASE = 0xF_0000
_VECTOR = 0x40
_START_IN_32_BITS = 0x20
_HANDLER = 0x90
#: What the guest writes to end QEMU, which makes its exit code of that.
_TELLS = 0x2A
_EXIT_CODE = _TELLS << 1 | 1


def measure() -> list[Figure]:
    """NotMeasured where there is no QEMU."""
    if shutil.which(_PROGRAM) is None:
        raise NotMeasured(f"no {_PROGRAM} here: it is not installed")
    rate = max(_rate() for _ in range(_ROUNDS))
    return [Figure("qemu.ping", rate, "IPIs/s")]


def _rate() -> float:
    return 2 * (_MANY - _FEW) / (_seconds(_MANY) - _seconds(_FEW))


def _seconds(count: int) -> float:
    """The processor time of a run in which a processor takes *count* IPIs."""
    before = _used()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "ping.bin")
        path.write_bytes(firmware(count))
        command = [_PROGRAM, *_OPTIONS, "-bios", str(path)]
        done = subprocess.run(command, timeout=_PATIENCE, check=False, capture_output=True, text=True)
    if done.returncode != _EXIT_CODE:
        raise NotMeasured(f"QEMU has not come to the end of its guest: {done.stderr.strip() or done.returncode}")
    return _used() - before


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def firmware(count: int) -> bytes:
    """64 KiB that a processor runs from its reset on: after *count* IPIs one of two ends QEMU."""
    image = bytearray(_SIZE)
    for place, part in (
        (_CODE, _real_mode()),
        (_START_IN_32_BITS, _protected_mode(count)),
        (_HANDLER, _handler()),
        (_GDT, _descriptors()),
        (_GDT + 0x40, _table(0x18, _GDT)),
        (_IDT, bytes(8 * _VECTOR) + _gate()),
        (_GDT + 0x48, _table(8 * (_VECTOR + 1), _IDT)),
        (_RESET, bytes.fromhex("ea 0000 00f0")),  # jmp f000:0000
    ):
        assert not any(image[place : place + len(part)]), "two parts lie in one place"
        image[place : place + len(part)] = part
    return bytes(image)


def _hexadecimal(*lines: str) -> bytes:
    return bytes.fromhex("".join(lines))


def _real_mode() -> bytes:
    """Where a processor begins, the first by its reset and the other by the start-up IPI."""
    return _hexadecimal(
        "fa",  # cli
        "2e 66 0f 01 16 4002",  # lgdt cs:[0x0240]
        "2e 66 0f 01 1e 4802",  # lidt cs:[0x0248]
        "0f 20 c0",  # mov eax, cr0
        "0c 01",  # or al, 1: protection
        "0f 22 c0",  # mov cr0, eax
        "66 ea 20000f00 0800",  # jmp 0008:000f0020
    )


def _protected_mode(count: int) -> bytes:
    return _hexadecimal(
        "66 b8 1000",  # mov ax, 0x10
        "8e d8",  # mov ds, ax
        "8e d0",  # mov ss, ax
        "bb 0000e0fe",  # mov ebx, 0xfee00000: the local APIC
        f"b9 {count.to_bytes(4, 'little').hex()}",  # mov ecx, count
        "c7 83 f0000000 ff010000",  # mov dword [ebx+0xf0], 0x1ff: the APIC is enabled
        "8b 43 20",  # mov eax, [ebx+0x20]
        "c1 e8 18",  # shr eax, 24: its ID
        "89 c4",  # mov esp, eax
        "c1 e4 0c",  # shl esp, 12
        "81 c4 00200000",  # add esp, 0x2000: a stack of its own
        "85 c0",  # test eax, eax
        "75 20",  # jnz: the other processor
        "c7 83 10030000 00000001",  # mov dword [ebx+0x310], 1 << 24: to APIC 1
        "c7 83 00030000 00450000",  # mov dword [ebx+0x300], 0x4500: INIT
        "c7 83 00030000 f0460000",  # mov dword [ebx+0x300], 0x46f0: start at 0xf0000
        "eb 0a",  # jmp: wait
        "c7 83 00030000 40400000",  # the other: mov dword [ebx+0x300], 0x4040: the first ping, to APIC 0
        "fb",  # wait: sti
        "f4",  # hlt
        "eb fc",  # jmp: wait
    )


def _handler() -> bytes:
    return _hexadecimal(
        "c7 83 b0000000 00000000",  # mov dword [ebx+0xb0], 0: EOI
        "49",  # dec ecx
        "74 0b",  # jz: the end
        "c7 83 00030000 40400000",  # mov dword [ebx+0x300], 0x4040: the answer
        "cf",  # iret
        f"b0 {_TELLS:02x}",  # the end: mov al, what it tells
        "e6 f4",  # out 0xf4, al
    )


def _descriptors() -> bytes:
    """None, code and data, both of all 4 GiB."""
    return bytes(8) + bytes.fromhex("ffff 0000 00 9a cf 00") + bytes.fromhex("ffff 0000 00 92 cf 00")


def _table(size: int, place: int) -> bytes:
    """What LGDT and LIDT load."""
    return (size - 1).to_bytes(2, "little") + (_BASE + place).to_bytes(4, "little")


def _gate() -> bytes:
    """To the handler, with interrupts kept out."""
    offset = _BASE + _HANDLER
    return (offset & 0xFFFF).to_bytes(2, "little") + bytes.fromhex("0800 00 8e") + (offset >> 16).to_bytes(2, "little")
