"""Behind a proxy that has put everything below a path: nothing leads out of it, and everything is found there."""

import re
from collections.abc import Iterator

import httpx2
import pytest

from tests.web.proxying import Proxy, running_proxy
from tests.web.serving import ROOT, Server, bearer, new_session, running_server
from tests.web.viewer import Viewer

PREFIX = "/tools/apicscope"
#: Whatever a browser may ask for by itself or on a click.
ADDRESS = re.compile(r'\b(?:href|src|action|hx-get|hx-post|hx-put|hx-delete|formaction)="(/[^"]*)"')
FOLLOWED = re.compile(r'\b(?:href|src)="(/[^"#]*)')


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The program, told what is before it."""
    with running_server("--root-path", PREFIX) as running:
        yield running


@pytest.fixture(scope="module", params=[True, False], ids=["taken off", "left on"])
def proxy(server: Server, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    behind = server.address.removesuffix(PREFIX)
    with running_proxy(Proxy(behind, PREFIX, takes_root_off=request.param)) as running:
        yield running


@pytest.fixture
def http(proxy: Proxy) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=proxy.address.removesuffix(PREFIX), trust_env=False, timeout=60) as client:
        yield client


def page_at(http: httpx2.Client, address: str) -> httpx2.Response:
    return http.get(address, headers={"Accept": "text/html"}, follow_redirects=True)


def test_every_address_of_every_page_stays_below_the_path_and_leads_somewhere(http: httpx2.Client) -> None:
    waiting, seen = [f"{PREFIX}/"], set()
    while waiting:
        address = waiting.pop().replace("&amp;", "&")
        if address.partition("?")[0] in seen:  # other questions to the same page lead where it leads
            continue
        seen.add(address.partition("?")[0])
        answer = page_at(http, address)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        if answer.headers["content-type"].startswith("text/html"):
            outside = [found for found in ADDRESS.findall(answer.text) if not found.startswith(f"{PREFIX}/")]
            assert outside == [], f"{address} leads out of {PREFIX}"
            waiting += FOLLOWED.findall(answer.text)
    pages = {"compare", "ab", "verdict", "back-ends", "costs", "registers", "profiles", "docs", "openapi.json"}
    assert {f"{PREFIX}/{page}" for page in pages} < seen
    assert len([address for address in seen if "/static/" in address]) > 40


def test_a_session_is_made_watched_and_driven_by_the_links_in_the_answer(http: httpx2.Client, proxy: Proxy) -> None:
    made = http.post(f"{PREFIX}/api/v1/sessions", json={"paused": True})
    links = made.json()["links"]

    assert made.headers["location"] == f"{PREFIX}/api/v1/sessions/{made.json()['id']}"
    assert all(link.startswith(f"{PREFIX}/") for link in links.values())
    assert http.get(links["state"]).json()["paused"] is True
    assert f'data-root="{PREFIX}"' in http.get(links["page"]).text
    with Viewer(f"ws://127.0.0.1:{proxy.port}{links['stream']}") as viewer:
        command = http.post(f"{made.headers['location']}/commands", json={"type": "pause"})
        assert command.status_code == 200
        assert viewer.hello["session"] == made.json()["id"]
    http.delete(made.headers["location"], headers=bearer(made.json()["key"]))


def test_forms_lead_back_below_the_path(http: httpx2.Client) -> None:
    session = http.get(f"{PREFIX}/").headers["location"]

    answer = http.post(f"{session}/commands", data={"type": "pause"})
    fragment = http.post(f"{PREFIX}/costs/2007", data={"vm_exit": "900"}, headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["location"]) == (303, session)
    assert fragment.headers["hx-redirect"] == f"{PREFIX}/costs/2007?vm_exit=900"


def test_addresses_to_pass_on_are_those_of_the_proxy(http: httpx2.Client, proxy: Proxy) -> None:
    sheet = http.get(f"{PREFIX}/costs/2007?vm_exit=900").text
    session = page_at(http, f"{PREFIX}/")

    assert f'value="{proxy.address}/costs/2007?vm_exit=900"' in sheet
    assert f'value="{session.url}"' in session.text


def test_a_sheet_can_be_given_by_its_address_behind_the_proxy(http: httpx2.Client, proxy: Proxy) -> None:
    made = http.post(f"{PREFIX}/api/v1/sessions", json={"cost_sheet": f"{proxy.address}/costs/2007?vm_exit=900"})

    assert made.json()["cost_sheet"] == "2007?vm_exit=900"
    http.delete(made.headers["location"], headers=bearer(made.json()["key"]))


def test_problems_lead_back_below_the_path_and_programs_get_problem_details(http: httpx2.Client) -> None:
    page = http.get(f"{PREFIX}/s/NOSUCH", headers={"Accept": "text/html"})
    details = http.get(f"{PREFIX}/api/v1/sessions/NOSUCH", headers={"Accept": "text/html"})

    assert f'href="{PREFIX}/"' in page.text
    assert details.headers["content-type"] == "application/problem+json"


def test_description_for_programs_says_where_it_stands(http: httpx2.Client) -> None:
    assert http.get(f"{PREFIX}/openapi.json").json()["servers"] == [{"url": PREFIX}]


@pytest.mark.slow
def test_the_program_itself_answers_without_the_path_too() -> None:
    with running_server("--root-path", f"{PREFIX}/") as server, server.client() as http:
        assert server.address.endswith(PREFIX)
        with httpx2.Client(base_url=server.address.removesuffix(PREFIX), trust_env=False) as direct:
            assert new_session(direct).post("pause").status_code == 200
        assert http.get("/healthz").json() == {"status": "ok"}


def test_no_template_and_no_module_writes_an_address_of_its_own() -> None:
    written = re.compile(r'\b(?:href|src|action|hx-get|hx-post|hx-put|hx-delete|formaction)="/')
    templates = [path.name for path in (ROOT / "templates").glob("*.html") if written.search(path.read_text())]
    modules = [
        path.name
        for path in (ROOT / "static/js").rglob("*.js")
        if re.search(r"(?<!addressOf\()[\"'`]/[a-z]", path.read_text()) or "location.host" in path.read_text()
    ]

    assert templates == []
    assert modules == ["addresses.js"]
