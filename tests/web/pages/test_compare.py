"""The compare page over HTTP: a question in the address, its answer as a page, as files, as a report."""

import csv
import io
import re
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import httpx2
import pytest

from app.costs.sheet import load_cost_sheet
from app.measure.measuring import compare
from app.measure.workloads import workload_of
from tests.web.pages.compare_page import Page, page

#: Quick: few back ends, few CPUs.
QUICK = "work=function&function=smp_call_function&targets=3&backend=native-xapic&backend=vmi&backend=kvm-pv"


# The page


def test_page_says_what_the_comparison_finds(http: httpx2.Client) -> None:
    expected = compare(workload_of("smp_call_function:3"), ["native-xapic", "vmi", "kvm-pv"])

    words = page(http, QUICK).words

    assert f"{expected.sends} IPIs sent, {expected.eois} interrupts ended" in words
    for row in expected.rows:
        assert re.search(rf"{row.backend}\W.*?{row.cycles:,}", words)
        assert all(name in words for name in row.overrides)
    assert all(remark in words for remark in expected.remarks)


def test_every_number_says_its_sheet_and_how_sure_it_is(http: httpx2.Client) -> None:
    shown = page(http, f"{QUICK}&sheet=skylake-sp%3Fvm_exit%3D900")

    assert f"priced by {load_cost_sheet('skylake-sp').title}" in shown.words
    assert "/costs/skylake-sp?vm_exit=900" in shown.links()
    assert "yours 1" in shown.words


def test_assumed_figures_that_dominate_make_an_estimate(http: httpx2.Client) -> None:
    words = page(http, QUICK).words

    assert "More than half of one IPI’s cycles rest on assumed figures for native-xapic" in words
    assert "estimate" in words


def test_back_end_that_cannot_take_part_says_why(http: httpx2.Client) -> None:
    words = page(http, "work=scenario&scenario=reschedule&generation=linux-2.6.22").words

    assert "linux-2.6.22 knows no x2APIC mode" in words
    assert "The sheet has no figure for msr_read" in words


def test_form_holds_the_question(http: httpx2.Client) -> None:
    tags = page(http, f"{QUICK}&generation=linux-6&sheet=amd-zen3").tags
    checked = {a["value"] for tag, a in tags if tag == "input" and "checked" in a}
    chosen = {a["value"] for tag, a in tags if tag == "option" and "selected" in a}
    fields = {a["name"]: a.get("value") for tag, a in tags if tag == "input" and "id" in a}

    assert checked == {"function", "native-xapic", "vmi", "kvm-pv"}
    assert chosen == {"smp_call_function", "linux-6"}
    assert (fields["targets"], fields["sheet"]) == ("3", "amd-zen3")


def test_every_control_has_a_label_and_every_id_is_one_of_a_kind(http: httpx2.Client) -> None:
    tags = page(http, QUICK).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    labels = {attributes.get("for") for tag, attributes in tags if tag == "label"}

    assert len(ids) == len(set(ids))
    for tag, attributes in tags:
        if tag == "select" or (tag == "input" and attributes.get("type") not in ("radio", "checkbox", "hidden")):
            assert attributes["id"] in labels
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)


@pytest.mark.parametrize("path", ["/compare", "/compare/report"])
def test_page_needs_nothing_that_the_content_policy_forbids(http: httpx2.Client, path: str) -> None:
    tags = page(http, QUICK, path).tags

    assert all(tag != "style" and "style" not in attributes for tag, attributes in tags)
    assert all(attributes.get("src") for tag, attributes in tags if tag == "script")
    assert not any(name.startswith("on") for _, attributes in tags for name in attributes)


def test_htmx_gets_the_result_alone_and_the_short_address(http: httpx2.Client) -> None:
    page(http, QUICK)
    answer = http.get(f"/compare?{QUICK}&scenario=storm", headers={"HX-Request": "true", "HX-Source": "form#question"})

    assert "<html" not in answer.text
    assert answer.text.lstrip().startswith('<section class="compare-result"')
    assert answer.headers["vary"] == "HX-Request"
    pushed = urlsplit(answer.headers["hx-push-url"])
    assert parse_qs(pushed.query)["backend"] == ["native-xapic", "vmi", "kvm-pv"]
    assert "scenario" not in parse_qs(pushed.query)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_wrong_field_is_said_and_nothing_is_computed(http: httpx2.Client, headers: dict[str, str]) -> None:
    shown = page(http, "targets=900&sheet=1995", status=422, **headers)

    assert "targets must be a whole number from 1 to 255, not '900'" in shown.words
    assert "'1995' is no cost sheet" in shown.words
    assert not any(tag == "svg" and attributes.get("role") for tag, attributes in shown.tags)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_unknown_field_is_said_with_those_there_are(http: httpx2.Client, headers: dict[str, str]) -> None:
    shown = page(http, "foo=1&sheet=2007", status=422, **headers)

    assert "foo is no field here; known: work, function, scenario, recording, targets, " in shown.words
    answer = http.get("/compare.json?foo=1&bar=2&foo=3")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["foo", "bar"]


def test_what_was_written_is_text_and_never_markup(http: httpx2.Client) -> None:
    answer = http.get("/compare", params={"sheet": "<script>alert(1)</script>"}, headers={"Accept": "text/html"})

    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


def test_dashboard_and_cost_sheets_lead_here(http: httpx2.Client) -> None:
    assert 'href="/compare"' in http.get("/", follow_redirects=True).text
    links = Page(http.get("/costs/2007?vm_exit=900", headers={"Accept": "text/html"}).text).links()
    [link] = [link for link in links if link.startswith("/compare?")]
    assert parse_qs(urlsplit(link).query) == {"sheet": ["2007?vm_exit=900"]}


# Files


def test_table_is_a_csv_file(http: httpx2.Client) -> None:
    answer = http.get(f"/compare.csv?{QUICK}")

    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert [line["backend"] for line in lines] == ["native-xapic", "vmi", "kvm-pv"]


def test_curve_is_a_csv_file_of_every_number_of_targets(http: httpx2.Client) -> None:
    lines = list(csv.DictReader(io.StringIO(http.get(f"/compare/curve.csv?{QUICK}").text)))

    assert [int(line["targets"]) for line in lines if line["backend"] == "kvm-pv"] == list(range(1, 256))


def test_json_holds_what_the_page_shows(http: httpx2.Client) -> None:
    body = http.get(f"/compare.json?{QUICK}&sheet=skylake-sp%3Fvm_exit%3D900").json()

    assert {row["backend"] for row in body["rows"]} == {"native-xapic", "vmi", "kvm-pv"}
    assert body["sheet_reference"] == "skylake-sp?vm_exit=900"
    assert [len(curve["points"]) for curve in body["curves"]] == [255, 255, 255]
    prices = {step["price"] for ipi in body["one_ipi"] for step in ipi["steps"]} - {""}
    assert prices < {entry["name"] for entry in body["entries_used"]}
    assert "virtual_eoi" not in {entry["name"] for entry in body["entries_used"]}  # no back end here has it
    assert all(entry["source"] and entry["confidence"] for entry in body["entries_used"])


@pytest.mark.parametrize("chart", ["curve", "waterfall", "shares"])
def test_chart_is_a_file_that_stands_alone(http: httpx2.Client, chart: str) -> None:
    answer = http.get(f"/compare/{chart}.svg?{QUICK}")

    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert ElementTree.fromstring(answer.content).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(
    "path", ["/compare/pie.svg", "/compare/curve.svg?work=scenario&scenario=reschedule&backend=vmi"]
)
def test_chart_that_does_not_exist_is_not_found(http: httpx2.Client, path: str) -> None:
    assert http.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/compare.csv", "/compare.json", "/compare/curve.svg", "/compare/report"])
def test_file_of_a_wrong_question_is_refused_by_field(http: httpx2.Client, path: str) -> None:
    answer = http.get(f"{path}?targets=0&generation=linux-1")

    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"targets", "generation"}


def test_report_names_every_figure_used_with_range_source_and_confidence(http: httpx2.Client) -> None:
    used = http.get(f"/compare.json?{QUICK}").json()["entries_used"]
    shown = page(http, QUICK, "/compare/report")

    for entry in used:
        assert f"{entry['value']:,} {entry['unit']}" in shown.words
        assert f"{entry['range'][0]:,}–{entry['range'][1]:,}" in shown.words
        assert " ".join(entry["source"].split()) in shown.words
    assert all("open" in attributes for tag, attributes in shown.tags if tag == "details")
    assert not any(tag == "form" for tag, _ in shown.tags)
    [address] = [link for link in shown.links() if "/compare?" in link and link.startswith("http")]
    assert http.get(address).status_code == 200


def test_report_of_a_lesser_back_end_lists_the_figures_that_priced_it_and_no_other(http: httpx2.Client) -> None:
    asked = "work=function&function=smp_send_reschedule&targets=1&backend=apicv&sheet=skylake-sp"

    used = http.get(f"/compare.json?{asked}").json()["entries_used"]

    assert [entry["name"] for entry in used if entry["value"] is None] == []
    assert page(http, asked, "/compare/report").words
