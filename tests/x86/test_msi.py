import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.x86.icr import DeliveryMode, DestinationMode, TriggerMode
from app.x86.msi import ADDRESS, DATA, Msi, decode_msi
from app.x86.units import Vector


def test_address_and_data_decode_to_the_message_of_the_manual() -> None:
    message = decode_msi(0xFEE0_300C, 0xC151)

    assert message == Msi(
        destination=0x03,
        destination_mode=DestinationMode.LOGICAL,
        redirection_hint=True,
        vector=Vector(0x51),
        delivery_mode=DeliveryMode.LOWEST_PRIORITY,
        level=1,
        trigger_mode=TriggerMode.LEVEL,
    )


@given(st.integers(0, 0xF_FFFF), st.integers(0, 0xFFFF_FFFF))
def test_decoding_agrees_with_the_layouts(low: int, data: int) -> None:
    address = 0xFEE0_0000 | low
    fields = {field.name: field.extract(address) for field in ADDRESS.fields}
    fields |= {field.name: field.extract(data) for field in DATA.fields}
    del fields["prefix"]

    assert decode_msi(address, data)._asdict() == fields


@pytest.mark.parametrize("address", [0xFED0_0000, 0xFEF0_0000, 0x1_FEE0_0000, 0])
def test_an_address_outside_the_window_is_refused_by_name(address: int) -> None:
    with pytest.raises(ValueError, match=f"{address:#010x}"):
        decode_msi(address, 0x40)
