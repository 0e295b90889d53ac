import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.x86.icr import (
    DELIVERY_STATUS,
    ICR_HIGH,
    ICR_LOW,
    VALID_DELIVERY_MODES,
    X2APIC_ICR,
    XAPIC_ICR,
    DeliveryMode,
    DestinationMode,
    Icr,
    Shorthand,
    TriggerMode,
    decode_icr,
    is_init_level_deassert,
)


def icrs(destination_bits: int) -> st.SearchStrategy[Icr]:
    return st.builds(
        Icr,
        st.integers(0, 255),
        st.sampled_from(DeliveryMode),
        st.sampled_from(DestinationMode),
        st.sampled_from(Shorthand),
        st.integers(0, (1 << destination_bits) - 1),
        st.integers(0, 1),
        st.sampled_from(TriggerMode),
    )


@given(icrs(8))
def test_xapic_command_survives_encoding_and_decoding(icr: Icr) -> None:
    assert decode_icr(icr.encode()) == icr


@given(icrs(32))
def test_x2apic_command_survives_encoding_and_decoding(icr: Icr) -> None:
    assert decode_icr(icr.encode(x2apic=True), x2apic=True) == icr


@given(icrs(8))
def test_low_half_is_the_encoded_value_without_destination(icr: Icr) -> None:
    assert icr.low() == icr.encode() & 0xFFFF_FFFF


@given(icrs(8))
def test_encoding_uses_only_bits_that_the_layout_defines(icr: Icr) -> None:
    assert icr.encode() & ~XAPIC_ICR.defined_mask == 0


@given(st.integers(0, (1 << 64) - 1))
def test_decoding_agrees_with_the_layouts(raw: int) -> None:
    fields = {field.name: field.extract(raw) for field in XAPIC_ICR.fields}
    del fields["delivery_status"]

    assert decode_icr(raw)._asdict() == fields


def test_low_half_has_the_bits_of_the_manual() -> None:
    icr = Icr(
        0xFB,
        DeliveryMode.STARTUP,
        DestinationMode.LOGICAL,
        Shorthand.ALL_EXCLUDING_SELF,
        level=1,
        trigger_mode=TriggerMode.LEVEL,
    )

    assert icr.low() == 0xFB | 6 << 8 | 1 << 11 | 1 << 14 | 1 << 15 | 3 << 18


def test_xapic_destination_is_the_top_byte_and_x2apic_destination_the_top_word() -> None:
    icr = Icr(0x40, destination=0x12)

    assert icr.encode() >> 32 == 0x1200_0000
    assert icr.encode(x2apic=True) >> 32 == 0x12


def test_xapic_refuses_a_destination_of_more_than_eight_bits() -> None:
    with pytest.raises(ValueError, match="destination"):
        Icr(0x40, destination=0x100).encode()


def test_writes_cannot_change_delivery_status_and_x2apic_has_none() -> None:
    assert ICR_LOW.writable_mask == ICR_LOW.defined_mask & ~DELIVERY_STATUS
    assert X2APIC_ICR.defined_mask & DELIVERY_STATUS == 0


def test_high_half_holds_the_destination_alone() -> None:
    assert ICR_HIGH.writable_mask == 0xFF00_0000


@pytest.mark.parametrize("shorthand", [Shorthand.SELF, Shorthand.ALL_INCLUDING_SELF])
def test_shorthands_that_include_the_sender_carry_only_fixed_interrupts(shorthand: Shorthand) -> None:
    assert VALID_DELIVERY_MODES[shorthand] == {DeliveryMode.FIXED}


@pytest.mark.parametrize("shorthand", [Shorthand.NONE, Shorthand.ALL_EXCLUDING_SELF])
def test_other_destinations_carry_every_mode_that_is_not_reserved(shorthand: Shorthand) -> None:
    reserved = {DeliveryMode.RESERVED_3, DeliveryMode.EXTINT}

    assert VALID_DELIVERY_MODES[shorthand] == set(DeliveryMode) - reserved


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("trigger", TriggerMode)
@pytest.mark.parametrize("mode", DeliveryMode)
def test_only_init_with_level_trigger_and_level_0_is_a_deassert(
    mode: DeliveryMode, trigger: TriggerMode, level: int
) -> None:
    icr = Icr(0, mode, level=level, trigger_mode=trigger)

    expected = (mode, trigger, level) == (DeliveryMode.INIT, TriggerMode.LEVEL, 0)

    assert is_init_level_deassert(icr) is expected


@pytest.mark.parametrize(
    ("destination", "x2apic", "reason"),
    [
        (0xFF, False, ""),
        (
            0x100,
            False,
            "0x100 does not fit: the guest has its APIC in xAPIC mode, where a destination has 8 bits (63:56)",
        ),
        (0xFFFF_FFFF, True, ""),
        (
            1 << 32,
            True,
            "0x100000000 does not fit: the guest has its APIC in x2APIC mode, where a destination has 32 bits (63:32)",
        ),
    ],
)
def test_destination_that_does_not_fit_the_mode_says_how_wide_it_may_be(
    destination: int, x2apic: bool, reason: str
) -> None:
    icr = Icr(0x40, destination=destination)

    assert icr.misfit(x2apic=x2apic) == reason
    if reason:
        with pytest.raises(ValueError, match="does not fit"):
            icr.encode(x2apic=x2apic)
    else:
        assert decode_icr(icr.encode(x2apic=x2apic), x2apic=x2apic) == icr
