"""Every page: all others are one link away, the open one is marked, and no list to choose from is empty."""

import re
from html.parser import HTMLParser

import httpx2
import pytest

from app.backends.catalogue import BACKENDS
from app.web.rendering import STATIC_FOLDER

PAGES = (
    "/compare",
    "/ab",
    "/verdict",
    "/back-ends",
    "/guest-functions",
    "/costs",
    "/registers",
    "/profiles",
    "/kept",
    "/docs",
)


class Links(HTMLParser):
    """The links within the list of pages, by address, with what `aria-current` says of each."""

    def __init__(self) -> None:
        super().__init__()
        self.within = False
        self.found: dict[str, str | None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "nav":
            self.within = given.get("aria-label") == "Pages"
        elif tag == "a" and self.within:
            self.found[given["href"] or ""] = given.get("aria-current")

    def handle_endtag(self, tag: str) -> None:
        self.within = self.within and tag != "nav"


def page_at(http: httpx2.Client, address: str) -> str:
    return http.get(address, headers={"Accept": "text/html"}, follow_redirects=True).text


def links_of(http: httpx2.Client, address: str) -> dict[str, str | None]:
    links = Links()
    links.feed(page_at(http, address))
    return links.found


@pytest.mark.parametrize("page", PAGES)
def test_every_page_leads_to_all_others_and_marks_itself(http: httpx2.Client, page: str) -> None:
    found = links_of(http, page)
    assert set(found) == {"/", *PAGES}
    assert {address for address, current in found.items() if current} == {page}
    assert found[page] == "page"


def test_a_page_below_another_marks_the_one_it_belongs_to(http: httpx2.Client) -> None:
    assert links_of(http, "/costs/skylake-sp")["/costs"] == "true"


def test_a_page_that_is_not_there_still_leads_to_those_that_are(http: httpx2.Client) -> None:
    assert set(links_of(http, "/no-such-page")) == {"/", *PAGES}


def test_a_machine_leads_to_every_page_and_to_ab_from_what_was_done_in_it(http: httpx2.Client) -> None:
    found = links_of(http, "/")
    assert set(PAGES) - set(found) == {"/ab"}
    assert any(re.fullmatch(r"/ab\?session=\w+", address) for address in found)
    assert [address[:3] for address, current in found.items() if current == "page"] == ["/s/"]


@pytest.mark.parametrize("page", ["/", "/compare", "/ab", "/verdict", "/costs/skylake-sp"])
def test_every_list_to_choose_from_offers_something(http: httpx2.Client, page: str) -> None:
    lists = re.findall(r"<select id=\"([^\"]+)\".*?>(.*?)</select>", page_at(http, page), re.DOTALL)

    assert lists
    assert [name for name, offered in lists if "<option" not in offered] == []


def test_new_session_can_have_any_back_end(http: httpx2.Client) -> None:
    offered = re.search(r'<select id="new-backend".*?</select>', page_at(http, "/"), re.DOTALL)

    assert offered
    assert re.findall(r"<option>(.*?)</option>", offered[0]) == list(BACKENDS)


def test_changed_sheet_leads_to_the_verdict_by_its_figures(http: httpx2.Client) -> None:
    assert 'href="/verdict?sheet=skylake-sp%3Fvm_exit%3D900"' in page_at(http, "/costs/skylake-sp?vm_exit=900")


def test_every_sheet_of_the_machine_is_on_a_page() -> None:
    written = "".join(page.read_text() for page in (STATIC_FOLDER.parent / "templates").rglob("*.html"))

    sheets = [sheet.stem for sheet in (STATIC_FOLDER / "css/pages/machine").glob("*.css")]
    assert [sheet for sheet in sheets if not re.search(rf"pages/machine/{sheet}[\".]", written)] == []
