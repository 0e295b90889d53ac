"""A page of a foreign name that resolves to this machine, in a browser that lets it: it gets nothing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.conftest import SWITCHES, path_of_chromium
from tests.web.serving import Server

pytestmark = pytest.mark.e2e

FOREIGN, OURS = "rebind.example", "lecture.localhost"
REACHES_FOR_ALL = """async () => {
  const list = await fetch('/api/v1/sessions');
  const body = {method: 'POST', headers: {'content-type': 'application/json'}, body: '{}'};
  const made = await fetch('/api/v1/sessions', body);
  const id = made.ok ? (await made.json()).id : 'ANY';
  const socket = new WebSocket(`ws://${location.host}/api/v1/sessions/${id}/stream`);
  const stream = await new Promise((done) => {
    socket.onmessage = () => done('open');
    socket.onerror = () => done('refused');
  });
  return [list.status, made.status, stream];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for which both names are this machine."""
    path = path_of_chromium()
    rules = f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1, MAP {OURS} 127.0.0.1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=[*SWITCHES, rules])
        yield chromium
        chromium.close()


@pytest.mark.parametrize(("name", "found"), [(FOREIGN, [400, 400, "refused"]), (OURS, [200, 201, "open"])])
def test_name_that_leads_here_is_not_enough(browser: Browser, server: Server, name: str, found: list[object]) -> None:
    page = browser.new_page()
    page.goto(f"http://{name}:{server.port}/healthz")

    assert page.evaluate(REACHES_FOR_ALL) == found
    page.close()
