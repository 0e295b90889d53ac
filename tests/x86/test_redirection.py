from app.x86.redirection import ENTRY, LEVEL, MASKED, REMOTE_IRR, RESET


def test_entry_bits_are_those_of_the_data_sheet() -> None:
    assert (ENTRY.field("remote_irr").mask, ENTRY.field("trigger_mode").mask, ENTRY.field("mask").mask) == (
        REMOTE_IRR,
        LEVEL,
        MASKED,
    )


def test_software_changes_neither_delivery_status_nor_remote_irr() -> None:
    assert ENTRY.writable_mask == 0xFF00_0000_0001_AFFF


def test_a_pin_is_masked_after_reset() -> None:
    assert RESET == MASKED
