"""The words that people write by their fields: a command writes each of them, and no bit is offered twice."""

import pytest

from app.commands.reading import read_command
from app.engine.simulation import Simulation
from app.state.layouts import WRITTEN, Written, written_json
from app.x86.lvt import timer_divisor

#: Whose a word is, as far as its command asks.
WHOSE = {"configure_pin": {"pin": 16}, "write_register": {"cpu": 1}, "write_msr": {"cpu": 1}}
#: A message is two words, of which each command has both.
BESIDE = {"message_address": {"data": 0x4051}, "message_data": {"address": 0xFEE0_1000}}
#: What holds anything else than what is written into it is refused elsewhere.
WORD = {"message_address": 0xFEE0_1000, "apic_base": 0xFEE0_0C00}

each = pytest.mark.parametrize(("name", "written"), WRITTEN.items(), ids=list(WRITTEN))


@each
def test_each_word_is_written_by_its_command(name: str, written: Written) -> None:
    kind = str(written.command["type"])
    word = WORD.get(name, 0x51)
    raw = {**written.command, **WHOSE.get(kind, {}), **BESIDE.get(name, {}), written.field: f"{word:#x}"}

    command = read_command(raw, 4)

    assert command.to_json()[written.field] == word


@each
def test_fields_lie_in_the_word_and_apart(name: str, written: Written) -> None:
    taken = 0
    for field in written.layout.fields:
        assert field.high < written.width, name
        assert not field.mask & taken
        assert len(field.values) in (0, field.highest + 1), field.name
        taken |= field.mask


@each
def test_what_belongs_together_is_whole_fields_of_the_word(name: str, written: Written) -> None:
    if written.together is None:
        return
    inside = sum(field.mask for field in written.layout.fields if field.mask & written.together.mask)

    assert inside == written.together.mask, name
    assert all(bits & ~written.together.mask == 0 for _, bits in written.together.choices)
    assert len({bits for _, bits in written.together.choices}) == len(written.together.choices)


def test_divisors_are_those_that_the_timer_divides_by() -> None:
    together = WRITTEN["TIMER_DIVIDE"].together

    assert together is not None
    assert [int(words) for words, _ in together.choices] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert all(timer_divisor(bits) == int(words) for words, bits in together.choices)


def test_entry_by_its_fields_is_what_the_i_o_apic_then_has() -> None:
    simulation = Simulation(4)
    layout = WRITTEN["redirection_entry"].layout
    word = sum(
        layout.field(name).insert(value)
        for name, value in {"vector": 0xB1, "destination": 2, "trigger_mode": 1, "mask": 1, "polarity": 1}.items()
    )
    command = read_command({"type": "configure_pin", "pin": 16, "entry": word}, 4)

    simulation.apply(command)  # type: ignore[arg-type]  # it is a stimulus

    assert simulation.machine.io_apic.entries[16] == word


def test_bits_are_texts_for_scripts_lose_those_of_large_numbers() -> None:
    for written in written_json().values():
        if written["together"]:
            assert written["together"]["mask"].startswith("0x")
            assert all(choice["bits"].startswith("0x") for choice in written["together"]["choices"])
