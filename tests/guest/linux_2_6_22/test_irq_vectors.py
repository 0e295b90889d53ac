from app.guest.linux_2_6_22 import irq_vectors


def test_vectors_are_those_of_linux_2_6_22() -> None:
    assert {name: value for name, value in vars(irq_vectors).items() if isinstance(value, int)} == {
        "NMI_VECTOR": 0x02,
        "FIRST_DEVICE_VECTOR": 0x31,
        "LOCAL_TIMER_VECTOR": 0xEF,
        "THERMAL_APIC_VECTOR": 0xF0,
        "CALL_FUNCTION_VECTOR": 0xFB,
        "RESCHEDULE_VECTOR": 0xFC,
        "INVALIDATE_TLB_VECTOR": 0xFD,
        "ERROR_APIC_VECTOR": 0xFE,
        "SPURIOUS_APIC_VECTOR": 0xFF,
    }


def test_every_vector_of_the_kernel_has_a_name_for_people() -> None:
    own = {value for value in vars(irq_vectors).values() if isinstance(value, int) and value >= 0xEF}

    assert set(irq_vectors.VECTOR_NAMES) == own
