"""A question is its address: read, checked, and written back."""

from urllib.parse import parse_qsl

import pytest

from app.backends.catalogue import BACKENDS
from app.commands.fields import InvalidCommand
from app.web.pages.compare.question import Kind, Question, question_of

SUBJECTS: dict[Kind, dict[str, str]] = {
    "function": {"smp_call_function": "", "send_ipi_mask": ""},
    "scenario": {"storm": ""},
    "recording": {"boot": ""},
}


def read(query: str) -> Question:
    return question_of(parse_qsl(query, keep_blank_values=True), SUBJECTS)


def test_no_field_is_a_question_all_the_same() -> None:
    question = read("")

    assert (question.kind, question.subject, question.targets) == ("function", "smp_call_function", 8)
    assert question.backends == tuple(BACKENDS)
    assert question.sheet == "sapphire-rapids"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "work=function&function=send_ipi_mask&targets=255",
        "work=scenario&scenario=storm&generation=linux-2.6.22",
        "work=recording&recording=boot&backend=vmi&backend=native-xapic",
        "sheet=skylake-sp%3Fvm_exit%3D900%26decode%3D0&measure=all&scale=log",
        "scale=linear&targets=1",
    ],
)
def test_address_leads_back_to_the_same_question(query: str) -> None:
    question = read(query)

    assert read(question.query) == question


@pytest.mark.parametrize(
    ("fields", "measure", "scale"),
    [
        ("", "sender", None),
        ("scale=auto", "sender", None),
        ("scale=log", "sender", "log"),
        ("measure=sender&scale=linear", "sender", "linear"),
        ("measure=all&scale=log", "all", "log"),
    ],
)
def test_how_curves_are_drawn_is_read_and_stays_in_the_address(fields: str, measure: str, scale: str | None) -> None:
    question = read(fields)
    again = dict(parse_qsl(question.query))

    assert (question.measure, question.scale) == (measure, scale)
    assert (again.get("measure", "sender"), again.get("scale")) == (measure, scale)


def test_fields_of_other_workloads_do_not_count() -> None:
    one = read("work=scenario&scenario=storm&function=send_ipi_mask&targets=200&recording=boot")

    assert one == read("work=scenario&scenario=storm")
    assert "send_ipi_mask" not in one.query


def test_back_ends_are_in_the_order_of_the_catalogue() -> None:
    assert read("backend=vmi&backend=native-xapic").backends == ("native-xapic", "vmi")


def test_kernel_brings_the_sheet_of_its_time() -> None:
    assert read("generation=linux-2.6.22").sheet == "2007"
    assert read("generation=linux-2.6.22&sheet=amd-zen3").sheet == "amd-zen3"


def test_changed_copy_prices_the_question() -> None:
    assert read("sheet=skylake-sp%3Fvm_exit%3D900").cost_sheet.price("vm_exit") == 900


def test_how_curves_are_drawn_is_no_other_work() -> None:
    assert read("measure=all&scale=log").work == read("").work


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("work=dance", "work"),
        ("function=teleport", "function"),
        ("work=scenario&scenario=calm", "scenario"),
        ("work=recording&recording=upload-0", "recording"),
        ("targets=0", "targets"),
        ("targets=256", "targets"),
        ("targets=eight", "targets"),
        ("generation=linux-1", "generation"),
        ("backend=vmi&backend=magic", "backend"),
        ("sheet=1995", "sheet"),
        ("sheet=2007%3Fteleport%3D1", "sheet"),
        ("measure=most", "measure"),
        ("scale=cubic", "scale"),
    ],
)
def test_wrong_field_is_named(query: str, field: str) -> None:
    with pytest.raises(InvalidCommand) as refused:
        read(query)

    assert [name for name, _ in refused.value.errors] == [field]


def test_all_wrong_fields_are_named_at_once() -> None:
    with pytest.raises(InvalidCommand) as refused:
        read("targets=0&generation=linux-1&sheet=1995")

    assert {name for name, _ in refused.value.errors} == {"targets", "generation", "sheet"}
