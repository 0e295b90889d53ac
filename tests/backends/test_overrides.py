"""Exactly what each back end replaces in each kernel, by name: a change must be meant."""

import pytest

from app.backends.catalogue import BACKENDS, backend
from app.guest.generations import GENERATIONS

OLD, NEW = "linux-2.6.22", "linux-6"
XEN_SENDS = {
    "send_ipi_mask": "xen_send_ipi_mask",
    "send_ipi_allbutself": "xen_send_ipi_allbutself",
    "send_ipi_self": "xen_send_ipi_self",
    "smp_send_reschedule": "xen_smp_send_reschedule",
    "smp_call_function_mask": "xen_smp_call_function_mask",
    "flush_tlb_others": "xen_flush_tlb_others",
}
XEN_REGISTERS = {"apic_read": "xen_apic_read", "apic_write": "xen_apic_write", "eoi": "xen_eoi"}
#: Back end and kernel: operation to the function that stands there now.
OVERRIDES: dict[tuple[str, str], dict[str, str]] = {
    ("native-xapic", OLD): {},
    ("native-xapic", NEW): {},
    ("native-x2apic", NEW): {},
    ("trap-emulate", OLD): {},
    ("trap-emulate", NEW): {},
    ("vmi", OLD): {
        "apic_read": "vmi_apic_read",
        "apic_write": "vmi_apic_write",
        "startup_ipi_hook": "vmi_startup_ipi_hook",
    },
    ("kvm-pv", NEW): {
        "eoi": "kvm_guest_apic_eoi_write",
        "send_ipi_mask": "kvm_send_ipi_mask",
        "send_ipi_mask_allbutself": "kvm_send_ipi_mask_allbutself",
    },
    ("hyperv", NEW): {
        "apic_read": "hv_apic_read",
        "apic_write": "hv_apic_write",
        "icr_write": "hv_apic_icr_write",
        "eoi": "hv_apic_eoi_write",
        "send_ipi": "hv_send_ipi",
        "send_ipi_mask": "hv_send_ipi_mask",
        "send_ipi_mask_allbutself": "hv_send_ipi_mask_allbutself",
        "send_ipi_allbutself": "hv_send_ipi_allbutself",
        "send_ipi_all": "hv_send_ipi_all",
        "send_ipi_self": "hv_send_ipi_self",
    },
    ("xen-evtchn", OLD): XEN_REGISTERS | XEN_SENDS,
    ("xen-evtchn", NEW): XEN_REGISTERS
    | XEN_SENDS
    | {
        "icr_write": "xen_icr_write",
        "send_ipi": "xen_send_ipi_one",
        "send_ipi_mask_allbutself": "xen_send_ipi_mask_allbutself",
        "send_ipi_all": "xen_send_ipi_all",
    },
    ("apicv", NEW): {},
}
PAIRS = [
    (name, key) for name, found in BACKENDS.items() for key, k in GENERATIONS.items() if not found.reason_against(k)
]


def test_every_pair_is_listed() -> None:
    assert list(OVERRIDES) == PAIRS


@pytest.mark.parametrize(("name", "generation"), PAIRS)
def test_back_end_overrides_exactly_this(name: str, generation: str) -> None:
    bound = backend(name, generation)

    found = {operation: getattr(bound.operations, operation).__name__ for operation in bound.overrides}
    assert found == OVERRIDES[name, generation]


@pytest.mark.parametrize(("generation", "entries"), [(OLD, 10), (NEW, 13)])
def test_kernel_has_so_many_operations(generation: str, entries: int) -> None:
    assert len(GENERATIONS[generation].xapic.entries()) == entries


def test_clock_event_device_is_replaced_beside_the_table() -> None:
    replaced = {
        (name, generation): backend(name, generation).set_next_event.__name__
        for name, generation in PAIRS
        if backend(name, generation).set_next_event is not GENERATIONS[generation].set_next_event
    }

    assert replaced == {
        ("hyperv", NEW): "hv_ce_set_next_event",
        ("xen-evtchn", OLD): "xen_vcpuop_set_next_event",
        ("xen-evtchn", NEW): "xen_vcpuop_set_next_event",
    }
