"""Commands as callers may send them, for properties over real simulations."""

from typing import Any

from hypothesis import strategies as st

from app.backends.catalogue import BACKENDS
from app.guest.generations import DEFAULT_GENERATION, GENERATIONS, GUEST_FUNCTIONS
from app.hw.legacy_pic import DEVICE_LINES
from app.x86.registers import Register

Raw = dict[str, Any]

#: What a session with the default kernel can switch to.
BACKENDS_OF_THE_DEFAULT_KERNEL = [
    name for name, back_end in BACKENDS.items() if back_end.reason_against(GENERATIONS[DEFAULT_GENERATION]) is None
]

VECTORS = st.integers(0, 255).flatmap(lambda vector: st.sampled_from((vector, str(vector), f"{vector:#04x}")))
DELIVERY_MODES = ("fixed", "lowest_priority", "smi", "nmi", "init", "startup")


def _cpu(cpus: int) -> st.SearchStrategy[int]:
    return st.integers(0, cpus - 1)


def _of(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Raw]:
    return st.fixed_dictionaries({"type": st.just(kind), **fields})


def sends(cpus: int, destination_bits: int = 8) -> st.SearchStrategy[Raw]:
    """``send_ipi``, of every kind, for a guest whose destinations have so many bits."""
    return _of(
        "send_ipi",
        cpu=_cpu(cpus),
        vector=VECTORS,
        delivery_mode=st.sampled_from(DELIVERY_MODES),
        destination_mode=st.sampled_from(("physical", "logical")),
        shorthand=st.sampled_from(("none", "self", "all_including_self", "all_excluding_self")),
        destination=st.integers(0, (1 << destination_bits) - 1),
    )


def hardware(cpus: int) -> list[st.SearchStrategy[Raw]]:
    """What goes to MSRs, pins and sources of one CPU, or to the 8259; all of it possible under any profile."""
    msrs = st.sampled_from((0x1B, 0x6E0)) | st.integers(0x800, 0x8FF) | st.integers(0, 0xFFFF_FFFF)
    values = st.sampled_from((0xFEE0_0000, 0xFEE0_0800, 0xFEE0_0900, 0xFEE0_0C00)) | st.integers(0, (1 << 64) - 1)
    return [
        _of("write_msr", cpu=_cpu(cpus), msr=msrs, value=values),
        _of("read_msr", cpu=_cpu(cpus), msr=msrs),
        _of("write_cr8", cpu=_cpu(cpus), value=st.integers(0, 16)),
        _of("fire_local_source", cpu=_cpu(cpus), source=st.just("performance")),
        *(_of(kind, cpu=_cpu(cpus), pin=st.integers(0, 1)) for kind in ("raise_lint", "lower_lint")),
        *(_of(kind, line=st.sampled_from(DEVICE_LINES)) for kind in ("raise_legacy_line", "lower_legacy_line")),
    ]


def stimuli(cpus: int) -> st.SearchStrategy[Raw]:
    """Whatever stirs a simulation of so many CPUs, all of it valid."""
    arguments = st.fixed_dictionaries({}, optional={"cpu": _cpu(cpus), "vector": VECTORS, "wait": st.booleans()})
    registers = st.sampled_from([register.name for register in Register])
    return st.one_of(
        sends(cpus),
        _of("call_guest", cpu=_cpu(cpus), function=st.sampled_from(list(GUEST_FUNCTIONS)), arguments=arguments).filter(
            lambda call: call["function"] != "do_boot_cpu" or call["arguments"].get("cpu") != call["cpu"]
        ),
        _of("write_register", cpu=_cpu(cpus), register=registers, value=st.integers(0, 0xFFFF_FFFF)),
        _of("read_register", cpu=_cpu(cpus), register=registers),
        *hardware(cpus),
        _of("raise_pin", pin=st.integers(0, 23)),
        _of("lower_pin", pin=st.integers(0, 23)),
        _of("configure_pin", pin=st.integers(0, 23), entry=st.integers(0, (1 << 64) - 1)),
        _of("send_msi", address=st.integers(0xFEE0_0000, 0xFEEF_FFFF), data=st.integers(0, 0xFFFF_FFFF)),
        _of("set_interrupt_flag", cpu=_cpu(cpus), enabled=st.booleans()),
        _of("set_backend", backend=st.sampled_from(BACKENDS_OF_THE_DEFAULT_KERNEL)),
        _of("set_cost_sheet", cost_sheet=st.sampled_from(("2007", "skylake-sp", "amd-zen3?vm_exit=7&spin_exit=0"))),
        _of("demonstrate", enabled=st.booleans()),
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
