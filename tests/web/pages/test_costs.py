"""The pages of the cost sheets, against the sheets, and the way from a form to a changed copy and its address."""

from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from app.costs.entries import CONFIDENCE_WORDS, ENTRY_WORDS
from app.costs.sheet import cost_sheet_names, load_cost_sheet, parse_cost_sheet
from app.web.pages.costs.changes import changes_to

SKYLAKE = load_cost_sheet("skylake-sp")


class Page(HTMLParser):
    """What a page says, entry by entry, and what stands in its fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: dict[str, str] = {"": ""}
        self._entry = ""
        self.feed(html)
        self.said = {entry: " ".join(text.split()) for entry, text in self.said.items()}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "li" and (name := attributes.get("id")):
            self._entry = name
            self.said[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "ul":
            self._entry = ""

    def handle_data(self, data: str) -> None:
        self.said[self._entry] += data

    @property
    def fields(self) -> dict[str, dict[str, str | None]]:
        """The fields of the form by name."""
        return {name: attributes for name, attributes in self._inputs() if attributes.get("type") != "hidden"}

    @property
    def hidden(self) -> dict[str, str | None]:
        """What a form sends along unseen."""
        return {name: attributes["value"] for name, attributes in self._inputs() if attributes.get("type") == "hidden"}

    def _inputs(self) -> list[tuple[str, dict[str, str | None]]]:
        named = [attributes for tag, attributes in self.tags if tag == "input" and "name" in attributes]
        return [(attributes["name"] or "", attributes) for attributes in named]

    def links(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.tags if tag == "a" and "href" in attributes]


def get(http: httpx2.Client, address: str, status: int = 200) -> Page:
    answer = http.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    return Page(answer.text)


def post(http: httpx2.Client, name: str, **fields: str) -> httpx2.Response:
    return http.post(f"/costs/{name}", data=fields, headers={"Accept": "text/html"}, follow_redirects=False)


# Reading


def test_list_leads_to_every_sheet_and_explains_every_badge(http: httpx2.Client) -> None:
    page = get(http, "/costs")

    assert [link for link in page.links() if link.startswith("/costs/")] == [
        f"/costs/{name}" for name in cost_sheet_names()
    ]
    assert all(words in page.said[""] for words in CONFIDENCE_WORDS.values())
    assert all(load_cost_sheet(name).summary in page.said[""] for name in cost_sheet_names())


@pytest.mark.parametrize("name", cost_sheet_names())
def test_page_says_of_every_entry_what_the_sheet_says(http: httpx2.Client, name: str) -> None:
    sheet = load_cost_sheet(name)
    page = get(http, f"/costs/{name}")

    assert set(page.said) - {""} == set(sheet.entries) == set(page.fields)
    for key, entry in sheet.entries.items():
        said = page.said[key]
        assert ENTRY_WORDS[key] in said
        assert (page.fields[key]["value"] or "") == ("" if entry.value is None else str(entry.value))
        if entry.range is None:
            assert f"not there {entry.unavailable}" in said
        else:
            assert f"{entry.range[0]:,} to {entry.range[1]:,}" in said
            assert f"{entry.confidence} {' '.join(entry.source.split())}" in said
    assert sheet.hardware in page.said[""]
    assert sheet.gigahertz_source in page.said[""]


def test_nanoseconds_are_also_said_in_cycles(http: httpx2.Client) -> None:
    assert "ns range 1,000 to 15,000; 8,225 cycles" in get(http, "/costs/skylake-sp").said["smm_entry"]


def test_every_field_has_a_label_its_unit_and_its_range(http: httpx2.Client) -> None:
    page = get(http, "/costs/skylake-sp")
    labels = {attributes["for"] for tag, attributes in page.tags if tag == "label"}
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]

    assert len(ids) == len(set(ids))
    for attributes in page.fields.values():
        assert attributes["id"] in labels
        assert set((attributes["aria-describedby"] or "").split()) <= set(ids)


@pytest.mark.parametrize("path", ["/costs", "/costs/2007", "/costs/skylake-sp?fence=1", "/costs/skylake-sp?fence=x"])
def test_page_needs_nothing_that_the_content_policy_forbids(http: httpx2.Client, path: str) -> None:
    page = get(http, path, status=422 if path.endswith("x") else 200)

    assert all(tag != "style" and "style" not in attributes for tag, attributes in page.tags)
    assert all(attributes.get("src") for tag, attributes in page.tags if tag == "script")
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


@pytest.mark.parametrize("path", ["/costs/1995", "/costs/1995.toml", "/costs/..%2f2007"])
def test_sheet_that_does_not_exist_is_not_found(http: httpx2.Client, path: str) -> None:
    assert http.get(path).status_code == 404


def test_dashboard_leads_here(http: httpx2.Client) -> None:
    assert 'href="/costs"' in http.get("/", follow_redirects=True).text


# Changing


def test_form_leads_to_an_address_that_holds_the_differences_alone(http: httpx2.Client) -> None:
    every = {name: "" if entry.value is None else str(entry.value) for name, entry in SKYLAKE.entries.items()}

    answer = post(http, "skylake-sp", **{**every, "vm_exit": " 900 ", "fence": "12.5", "ipi_virtualization": "200"})

    assert answer.status_code == 303
    address = urlsplit(answer.headers["location"])
    assert address.path == "/costs/skylake-sp"
    assert parse_qs(address.query) == {"vm_exit": ["900"], "fence": ["12.5"], "ipi_virtualization": ["200"]}


def test_htmx_is_sent_to_the_same_address(http: httpx2.Client) -> None:
    answer = http.post("/costs/skylake-sp", data={"vm_exit": "900"}, headers={"HX-Request": "true"})

    assert answer.headers["hx-redirect"] == "/costs/skylake-sp?vm_exit=900"


@pytest.mark.parametrize("fields", [{}, {"vm_exit": ""}, {"vm_exit": "854"}, {"vm_exit": "854.0"}])
def test_nothing_changed_is_the_sheet_itself(http: httpx2.Client, fields: dict[str, str]) -> None:
    assert post(http, "skylake-sp", **fields).headers["location"] == "/costs/skylake-sp"


def test_address_shows_the_copy_without_any_memory_of_the_server(http: httpx2.Client) -> None:
    page = get(http, "/costs/skylake-sp?vm_exit=900&fence=12.5")

    assert page.fields["vm_exit"]["value"] == "900"
    assert "yours changed by hand from 854 cycles, derived: VMCALL" in page.said["vm_exit"]
    assert "2 figures changed by hand" in page.said[""]
    shared = next(attributes for tag, attributes in page.tags if attributes.get("id") == "copy-address")
    assert (shared["value"] or "").startswith("http")
    assert urlsplit(shared["value"] or "").query == "fence=12.5&vm_exit=900"
    assert get(http, "/costs/skylake-sp").fields["vm_exit"]["value"] == "854"


def test_a_copy_can_be_changed_further(http: httpx2.Client) -> None:
    page = get(http, "/costs/skylake-sp?vm_exit=900")
    fields = {name: attributes["value"] or "" for name, attributes in page.fields.items()}

    answer = post(http, "skylake-sp", **{**fields, "decode": "700"})

    assert parse_qs(urlsplit(answer.headers["location"]).query) == {"vm_exit": ["900"], "decode": ["700"]}


def test_copy_is_a_toml_file_that_reads_back(http: httpx2.Client) -> None:
    [link] = [link for link in get(http, "/costs/2007?vm_exit=900&hypercall=5").links() if ".toml" in link]
    answer = http.get(unescape(link))

    assert answer.headers["content-type"] == "application/toml"
    assert answer.headers["content-disposition"] == 'attachment; filename="2007-changed.toml"'
    expected = load_cost_sheet("2007").with_values({"vm_exit": 900, "hypercall": 5})
    assert parse_cost_sheet("2007-changed", answer.text) == expected


# What cannot be


@pytest.mark.parametrize(
    ("name", "written", "said"),
    [
        ("vm_exit", "-1", "must be 0 or more, not -1"),
        ("vm_exit", "much", "must be a number such as 900 or 12.5, not “much”"),
        ("vm_exit", "1e18", "must be at most 1,000,000,000 cycles, not 1e18"),
        ("vm_exit", "٣", "must be a number such as 900 or 12.5, not “٣”"),
        ("vm_exit", "2000000000", "must be at most 1,000,000,000 cycles, not 2000000000"),
        ("mmio_read", "0", "must come to 1 cycle or more: a CPU polls"),
        ("mmio_read", "0.4", "must come to 1 cycle or more: a CPU polls"),
    ],
)
@pytest.mark.parametrize("way", ["form", "htmx", "address"])
def test_wrong_figure_is_said_at_its_field_which_keeps_it(
    http: httpx2.Client, name: str, written: str, said: str, way: str
) -> None:
    headers = {"Accept": "text/html"} | ({"HX-Request": "true"} if way == "htmx" else {})
    fields = {name: written, "decode": "700"}
    if way == "address":
        answer = http.get("/costs/skylake-sp", params=fields, headers=headers)
    else:
        answer = http.post("/costs/skylake-sp", data=fields, headers=headers)

    page = Page(answer.text)
    assert answer.status_code == 422
    assert ("<html" in answer.text) == (way != "htmx")
    assert page.fields[name]["value"] == written
    assert page.fields[name]["aria-invalid"] == "true"
    assert f"{name}-wrong" in (page.fields[name]["aria-describedby"] or "")
    assert said in page.said[name]
    assert page.fields["decode"]["value"] == "700"
    assert "aria-invalid" not in page.fields["decode"]
    assert f"#figure-{name}" in page.links()


def test_unknown_entry_is_said_at_the_top(http: httpx2.Client) -> None:
    page = get(http, "/costs/skylake-sp?teleport=5", status=422)

    assert "teleport is no entry of a cost sheet" in page.said[""]


def test_file_of_a_copy_that_cannot_be_is_refused(http: httpx2.Client) -> None:
    answer = http.get("/costs/skylake-sp.toml?vm_exit=much&teleport=5")

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["vm_exit", "teleport"]


def test_what_was_written_is_text_and_never_markup(http: httpx2.Client) -> None:
    hostile = '"><script>alert(1)</script>' + "x" * 5000

    answer = http.get("/costs/skylake-sp", params={"vm_exit": hostile, hostile: "1"}, headers={"Accept": "text/html"})

    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


def test_other_sites_may_not_post(http: httpx2.Client) -> None:
    answer = http.post("/costs/skylake-sp", data={"vm_exit": "900"}, headers={"Origin": "https://elsewhere.example"})

    assert answer.status_code == 403


def test_reading_fields_leaves_the_sheet_as_it_is() -> None:
    changes = changes_to(SKYLAKE, {"vm_exit": "900", "decode": "x"})

    assert changes.sheet.price("vm_exit") == 900
    assert changes.values == {"vm_exit": "900"}
    assert set(changes.errors) == {"decode"}
    assert SKYLAKE.price("vm_exit") == 854


# A machine priced by it


def test_page_offers_a_session_with_the_copy_and_says_which_back_ends_it_cannot_price(http: httpx2.Client) -> None:
    page = get(http, "/costs/2007?vm_exit=900")

    assert page.hidden["cost_sheet"] == "2007?vm_exit=900"
    disabled = [attributes for tag, attributes in page.tags if tag == "option" and "disabled" in attributes]
    assert len(disabled) == 4
    assert "apicv cannot be priced: 2007-changed has no figure for virtual_apic_access" in page.said[""]


def test_session_made_from_the_page_is_priced_by_the_copy_and_its_page_says_so(http: httpx2.Client) -> None:
    made = http.post("/s", data={"backend": "kvm-pv", "cost_sheet": "skylake-sp?vm_exit=900"})

    assert made.status_code == 303
    page = get(http, made.headers["location"])
    assert "/costs/skylake-sp?vm_exit=900" in page.links()
    assert ", changed by hand" in page.said[""]


def test_form_s_bad_sheet_is_refused_with_the_entry(http: httpx2.Client) -> None:
    refused = http.post("/s", data={"cost_sheet": "2007?vm_exit=much"}, headers={"HX-Request": "true"})

    assert refused.status_code == 422
    assert "vm_exit must be a number" in unescape(refused.text)


def test_page_that_cannot_use_its_figures_offers_no_session(http: httpx2.Client) -> None:
    assert "cost_sheet" not in get(http, "/costs/2007?vm_exit=much", 422).hidden
