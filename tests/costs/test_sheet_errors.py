"""What is wrong with a sheet that cannot be used: each mistake with its line and its key, and all of them at once."""

import pytest

from app.costs.entries import REQUIRED_ENTRIES
from app.costs.sheet import SheetError, UnusableCostSheet, parse_cost_sheet
from tests.costs.sheet_texts import COMPLETE, ENTRY, line_of, with_entry

LAST = len(COMPLETE.splitlines())


def refusal(text: str) -> UnusableCostSheet:
    with pytest.raises(UnusableCostSheet) as refused:
        parse_cost_sheet("mine", text)
    return refused.value


def only_error(text: str) -> SheetError:
    [error] = refusal(text).errors
    return error


def test_message_names_sheet_line_and_key() -> None:
    text = with_entry("decode", ENTRY.replace("value = 5", "value = -1"))

    line = line_of(text, "value = -1")

    assert str(refusal(text)) == f"mine: line {line}, decode.value: must be a number, 0 or more, not -1"


def test_all_mistakes_are_reported_together_in_the_order_of_their_lines() -> None:
    text = with_entry("decode", ENTRY.replace("value = 5", "value = -1").replace("published", "certain"))
    text = text.replace('title = "A sheet"', "title = 3").replace(f"[vm_exit]\n{ENTRY}", "") + "[teleport]\n"

    errors = refusal(text).errors

    assert [error.key for error in errors] == ["title", "decode.value", "decode.confidence", "teleport", "vm_exit"]
    assert [error.line for error in errors] == sorted(error.line for error in errors)


# Entries


@pytest.mark.parametrize("name", REQUIRED_ENTRIES)
def test_missing_entry_is_named_at_the_end_where_it_would_be_added(name: str) -> None:
    text = COMPLETE.replace(f"[{name}]\n{ENTRY}", "")

    assert only_error(text) == (LAST - 6, name, "is missing")


def test_unknown_entry_is_named_by_its_header() -> None:
    error = only_error(COMPLETE + f"[teleport]\n{ENTRY}")

    assert error == (LAST + 1, "teleport", "is no entry of a cost sheet")


def test_entry_that_is_no_table_is_named() -> None:
    text = "vm_exit = 5\n" + COMPLETE.replace(f"[vm_exit]\n{ENTRY}", "")

    assert only_error(text) == (
        1,
        "vm_exit",
        "must be a table with value, unit, range, source, confidence, not 5",
    )


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("value", "is missing"),
        ("unit", "is missing"),
        ("range", "is missing"),
        ("source", "is missing"),
        ("confidence", "is missing"),
    ],
)
def test_missing_key_is_named_by_the_header_of_its_entry(key: str, said: str) -> None:
    body = "".join(line for line in ENTRY.splitlines(keepends=True) if not line.startswith(key))
    text = with_entry("decode", body)

    assert only_error(text) == (line_of(text, "[decode]"), f"decode.{key}", said)


@pytest.mark.parametrize(
    ("was", "becomes", "key", "said"),
    [
        ("value = 5", "value = -1", "value", "must be a number, 0 or more, not -1"),
        ("value = 5", "value = true", "value", "must be a number, 0 or more, not True"),
        ("value = 5", 'value = "5"', "value", "must be a number, 0 or more, not '5'"),
        ("value = 5", "value = nan", "value", "must be a number, 0 or more, not nan"),
        ("value = 5", "value = inf", "value", "must be a number, 0 or more, not inf"),
        ("value = 5", "value = 1" + "0" * 40, "value", "must be a number, 0 or more, not 1" + "0" * 40),
        ('"cycles"', '"seconds"', "unit", "must be one of cycles, ns, not 'seconds'"),
        ('"cycles"', "[]", "unit", "must be one of cycles, ns, not []"),
        ("[4, 6]", "[6, 7]", "range", "must lie around the value 5, not be [6, 7]"),
        ("[4, 6]", "[3, 4]", "range", "must lie around the value 5, not be [3, 4]"),
        ("[4, 6]", "[6, 4]", "range", "must lie around the value 5, not be [6, 4]"),
        ("[4, 6]", "[-1, 6]", "range", "must begin at 0 or more, not at -1"),
        ("[4, 6]", "[4]", "range", "must be two numbers, the lowest and the highest, not [4]"),
        ("[4, 6]", '"4-6"', "range", "must be two numbers, the lowest and the highest, not '4-6'"),
        ('"measured here"', '" "', "source", "must say where the figure comes from, not ' '"),
        ('"measured here"', "3", "source", "must say where the figure comes from, not 3"),
        (
            '"published"',
            '"certain"',
            "confidence",
            "must be one of published, derived, recalled, assumed, yours, not 'certain'",
        ),
    ],
)
def test_wrong_value_is_named_by_its_line(was: str, becomes: str, key: str, said: str) -> None:
    text = with_entry("decode", ENTRY.replace(was, becomes))

    line = next(line for line in ENTRY.replace(was, becomes).splitlines() if becomes in line)

    assert only_error(text) == (line_of(text, line, after="[decode]"), f"decode.{key}", said)


@pytest.mark.parametrize("key", ["mmio_read", "emulate_read", "msr_read", "virtual_apic_access"])
def test_read_that_takes_no_time_is_refused_since_polling_would_never_end(key: str) -> None:
    text = with_entry(key, ENTRY.replace("value = 5", "value = 0").replace("[4, 6]", "[0, 6]"))

    error = only_error(text)

    assert (error.line, error.key) == (line_of(text, "value = 0"), f"{key}.value")
    assert error.message.startswith("must come to 1 cycle or more")


def test_price_beyond_all_measure_is_refused() -> None:
    text = with_entry("decode", ENTRY.replace("value = 5", "value = 1e18").replace("[4, 6]", "[0, 1e19]"))

    assert only_error(text).message == "must come to 1,000,000,000 cycles or less"


def test_key_of_another_time_is_named() -> None:
    text = with_entry("decode", ENTRY + "cycles = 5\n")

    assert only_error(text) == (
        line_of(text, "cycles = 5"),
        "decode.cycles",
        "is not known here; an entry has value, unit, range, source, confidence",
    )


def test_unavailable_entry_must_say_why_and_nothing_else() -> None:
    empty = with_entry("fence", 'unavailable = ""\n')
    both = with_entry("fence", 'unavailable = "No x2APIC."\nvalue = 5\n')

    assert only_error(empty).message == "must say why there is no such thing, not ''"
    assert only_error(both) == (
        line_of(both, "value = 5", after="[fence]"),
        "fence.value",
        "is not known here; an entry has unavailable",
    )


# The head


@pytest.mark.parametrize("key", ["title", "hardware", "hypervisor", "gigahertz_source", "summary"])
def test_missing_head_is_named(key: str) -> None:
    text = "\n".join(line for line in COMPLETE.split("\n") if not line.startswith(f"{key} ="))

    error = only_error(text)

    assert (error.key, error.message) == (key, "is missing")


@pytest.mark.parametrize("frequency", ["0", "-2", "1e9", "nan", '"2.5"', "true"])
def test_frequency_that_is_none_is_named(frequency: str) -> None:
    text = COMPLETE.replace("gigahertz = 2.5", f"gigahertz = {frequency}")

    error = only_error(text)

    assert (error.line, error.key) == (4, "gigahertz")
    assert error.message.startswith("must be a frequency above 0 and up to 100, not ")


# What is no TOML, and where keys stand


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('title = "A sheet"\nnonsense\n', 2),
        ('title = "A sheet"\n\n[vm_exit]\nvalue = 1\n[vm_exit]\n', 5),
        ('title = "never ends', 1),
        ("title = " + "[" * 5000, 1),
        ("x = 1" + "0" * 5000, 1),
    ],
)
def test_what_is_no_toml_is_said_with_its_line(text: str, line: int) -> None:
    error = only_error(text)

    assert (error.line, error.key) == (line, "")
    assert error.message.startswith("is no TOML: ")


def test_keys_are_found_in_every_notation() -> None:
    text = (
        COMPLETE.replace(f"[decode]\n{ENTRY}", "").replace(f"[halt]\n{ENTRY}", "").replace("[vm_exit]", '[ "vm_exit" ]')
    )
    text = 'decode = { value = -1 }\nhalt.value = -2\nhalt."unit" = "years"\n' + text
    text = text.replace('[ "vm_exit" ]\nvalue = 5', '[ "vm_exit" ]\n"value" = -3')

    found = {error.key: error.line for error in refusal(text).errors}

    assert found["decode.value"] == 1
    assert (found["halt.value"], found["halt.unit"], found["halt.range"]) == (2, 3, 2)
    assert found["vm_exit.value"] == line_of(text, '"value" = -3')


@pytest.mark.parametrize("quotes", ['"""', "'''"])
def test_lines_within_a_long_text_are_no_keys(quotes: str) -> None:
    text = COMPLETE.replace(
        'summary = "What it is for."', f"summary = {quotes}\n[decode]\nvalue = 9\n{quotes}"
    ).replace(f"[decode]\n{ENTRY}", f"[decode]\n{ENTRY.replace('value = 5', 'value = -1')}")

    assert only_error(text).line == line_of(text, "value = -1")


def test_what_a_sheet_is_without_has_a_reason() -> None:
    error = only_error(COMPLETE + "[without]\napicv = 3\n")

    assert (error.key, error.message) == ("without.apicv", "must say why the hardware has no such thing, not 3")


def test_what_a_sheet_is_without_is_a_table() -> None:
    error = only_error("without = 3\n" + COMPLETE)

    assert (error.line, error.key) == (1, "without")
