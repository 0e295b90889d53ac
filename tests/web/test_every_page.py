"""Every page: all others are one link away, the open one is marked, and no list to choose from is empty."""

import re
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from app.web.application import create_application
from app.web.vocabulary import BACKENDS

PAGES = ("/compare", "/ab", "/verdict", "/back-ends", "/costs", "/registers", "/profiles", "/docs")


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


def page_at(address: str) -> str:
    with TestClient(create_application(), base_url="http://localhost") as client:
        return client.get(address, headers={"Accept": "text/html"}).text


def links_of(address: str) -> dict[str, str | None]:
    links = Links()
    links.feed(page_at(address))
    return links.found


@pytest.mark.parametrize("page", PAGES)
def test_every_page_leads_to_all_others_and_marks_itself(page: str) -> None:
    found = links_of(page)
    assert set(found) == {"/", *PAGES}
    assert {address for address, current in found.items() if current} == {page}
    assert found[page] == "page"


def test_a_page_below_another_marks_the_one_it_belongs_to() -> None:
    assert links_of("/costs/skylake-sp")["/costs"] == "true"


def test_a_page_that_is_not_there_still_leads_to_those_that_are() -> None:
    assert set(links_of("/no-such-page")) == {"/", *PAGES}


def test_a_machine_leads_to_every_page_and_to_ab_from_what_was_done_in_it() -> None:
    found = links_of("/")
    assert set(PAGES) - set(found) == {"/ab"}
    assert any(re.fullmatch(r"/ab\?session=\w+", address) for address in found)
    assert [address[:3] for address, current in found.items() if current == "page"] == ["/s/"]


@pytest.mark.parametrize("page", ["/", "/compare", "/ab", "/verdict", "/costs/skylake-sp"])
def test_every_list_to_choose_from_offers_something(page: str) -> None:
    lists = re.findall(r"<select id=\"([^\"]+)\".*?>(.*?)</select>", page_at(page), re.DOTALL)

    assert lists
    assert [name for name, offered in lists if "<option" not in offered] == []


def test_new_session_can_have_any_back_end() -> None:
    offered = re.search(r'<select id="new-backend".*?</select>', page_at("/"), re.DOTALL)

    assert offered
    assert re.findall(r"<option>(.*?)</option>", offered[0]) == [name for name, _ in BACKENDS]


def test_changed_sheet_leads_to_the_verdict_by_its_figures() -> None:
    assert 'href="/verdict?sheet=skylake-sp%3Fvm_exit%3D900"' in page_at("/costs/skylake-sp?vm_exit=900")
