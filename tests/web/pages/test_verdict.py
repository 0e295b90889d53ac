"""The verdict's page over HTTP: a sheet in the address, what it comes to, how far that is, what is wrong."""

import re
import time
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from app.verdict.judgement import Judgement
from app.verdict.validation.experiments import validations
from app.web.pages.verdict import JUDGEMENT_WORDS
from tests.verdict.judging import judged


def answer(http: httpx2.Client, query: str = "", status: int = 200, headers: dict[str, str] | None = None) -> str:
    """The page, once it is there."""
    for _ in range(100):
        found = http.get(f"/verdict{query}", headers={"Accept": "text/html", **(headers or {})})
        assert found.status_code == status, found.text
        if "under-way" not in found.text:
            return unescape(found.text)
        time.sleep(0.2)
    raise AssertionError("there was no verdict")


@pytest.mark.parametrize(("query", "sheet"), [("", "2007"), ("?sheet=sapphire-rapids", "sapphire-rapids")])
def test_page_says_what_the_numbers_say(http: httpx2.Client, query: str, sheet: str) -> None:
    page = answer(http, query)

    for claim in judged(sheet).claims:
        assert JUDGEMENT_WORDS[claim.judgement] in page
        for finding in claim.findings:
            assert finding.text in page
        for quotation in claim.quotations:
            assert f"“{quotation}”" in page


def test_changed_sheet_is_judged_and_kept_in_the_address(http: httpx2.Client) -> None:
    page = answer(http, "?sheet=2007%3Fhypervisor_call%3D5000")

    assert 'value="2007?hypervisor_call=5000" selected' in page
    assert "with your figures" in page
    assert 'href="/costs/2007?hypervisor_call=5000"' in page


def test_links_ask_the_compare_page_the_same_by_the_same_sheet(http: httpx2.Client) -> None:
    page = answer(http, "?sheet=sapphire-rapids")

    questions = [parse_qs(urlsplit(link).query) for link in re.findall(r'href="(/compare\?[^"]+)"', page)]
    assert len(questions) == 10
    for question in questions:
        assert question["sheet"] == ["sapphire-rapids"]
        assert question["work"][0] in question
        assert question["generation"][0] in ("linux-2.6.22", "linux-6")
        assert len(question["backend"]) >= 4


def test_page_shows_every_validation_with_its_source(http: httpx2.Client) -> None:
    page = answer(http)

    for row in validations():
        assert row.claim.replace("`", "") in page
        assert row.source in page
        assert row.words[1] in page


def test_unknown_sheet_is_refused_with_those_there_are(http: httpx2.Client) -> None:
    page = answer(http, "?sheet=2006", status=422)

    assert "'2006' is no cost sheet" in page
    assert "skylake-sp" in page


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_unknown_field_is_refused_and_the_default_is_not_taken_instead(
    http: httpx2.Client, headers: dict[str, str]
) -> None:
    page = answer(http, "?costs=skylake-sp", status=422, headers=headers)

    assert "costs is no field here; known: sheet" in " ".join(re.sub("<[^>]*>", "", page).split())
    assert "The numbers speak" not in page


def test_figure_below_zero_is_refused_with_the_rule(http: httpx2.Client) -> None:
    assert "vm_exit must be 0 or more, not -5" in answer(http, "?sheet=2007%3Fvm_exit%3D-5", status=422)


def test_impossible_figure_is_refused_by_name(http: httpx2.Client) -> None:
    assert "vm_exit" in answer(http, "?sheet=2007%3Fvm_exit%3Dmuch", status=422)


def test_fragment_is_the_verdict_alone(http: httpx2.Client) -> None:
    page = answer(http, headers={"HX-Request": "true"})

    assert "<html" not in page
    assert 'id="result"' in page


def test_every_judgement_has_its_words() -> None:
    assert JUDGEMENT_WORDS == {
        Judgement.HOLDS: "The numbers speak for it",
        Judgement.IN_PART: "The numbers speak for and against it",
        Judgement.FAILS: "The numbers speak against it",
        Judgement.SILENT: "The numbers cannot decide it",
    }


def test_page_says_each_judgement_at_its_claim(http: httpx2.Client) -> None:
    page = answer(http)

    claims = judged("2007").claims
    said = re.findall(r'<p class="judged">.*?(The numbers [^<]*)\.</p>', page, re.DOTALL)
    assert said == [JUDGEMENT_WORDS[claim.judgement] for claim in claims]
    assert len(set(said)) > 1
