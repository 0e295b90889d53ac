"""The page itself: it fits a phone, it can be used by everybody, and it plays recordings."""

import gzip
import re
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

PHONE = {"width": 360, "height": 740}


def serious(violations: list[dict[str, Any]]) -> list[str]:
    return [
        f"{item['id']}: {node['target']} {node['failureSummary']}"
        for item in violations
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["session", "problem"])
def test_axe_finds_nothing_serious(open_page: Open, session: Api, scheme: Literal["light", "dark"], path: str) -> None:
    session.command("set_interrupt_flag", cpu=1, enabled=False)
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("step", count=40)
    page = open_page(
        f"/s/{session.id}" if path == "session" else "/s/NOSUCH", color_scheme=scheme, live=path == "session"
    )

    results = Axe().run(page)

    assert serious(results.response["violations"]) == []


#: WCAG 2.2 AA and good practice: targets large enough to hit, landmarks that can be told apart.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.mark.parametrize("path", ["session", "compare"])
def test_axe_finds_nothing_by_the_rules_of_wcag_2_2_and_good_practice(open_page: Open, session: Api, path: str) -> None:
    page = open_page(f"/s/{session.id}" if path == "session" else "/compare", live=path == "session")
    if path == "compare":
        page.locator("#numbers-title").wait_for(timeout=60_000)
    else:
        expect(page.locator("#composed.old")).to_have_count(0)  # what is about to be replaced is pale

    results = Axe().run(page, options=RULES)

    assert [(item["id"], node["target"]) for item in results.response["violations"] for node in item["nodes"]] == []


@pytest.mark.parametrize("width", [1280, 1440, 1799, 1800, 1920])
def test_bar_of_a_wide_window_is_one_line(open_page: Open, session: Api, width: int) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": width, "height": 900})

    lines = page.evaluate(
        "[...document.querySelectorAll('.topbar .backend label, .topbar .quiet, .topbar .themes label')]"
        ".filter(e => !e.closest(':popover-open') && e.offsetParent).map(e => e.offsetHeight)"
    )
    assert lines
    assert max(lines) <= 34


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_page_is_no_wider_than_the_screen(open_page: Open, session: Api, width: int) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": width, "height": 740})

    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    assert too_wide <= 0


def test_forms_work_without_scripts(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", live=False, java_script_enabled=False)

    page.locator("#send-vector").fill("0x51")
    page.locator("#send-button").click()
    page.locator("#until-idle").click()

    expect(page.locator(".still")).to_be_visible()
    assert session.state()["counters"]["ipis_sent"] == 1


def test_recording_opens_and_plays(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    page.locator("#recordings-section summary").click()

    page.locator("button.sample").click()

    page.wait_for_url(lambda address: session.id not in address)
    expect(page.locator("#recording")).to_be_visible()
    expect(page.locator("#send-button")).to_be_disabled()
    progress = page.locator("#recording-progress")
    first = float(progress.evaluate("bar => bar.value"))
    page.wait_for_function("first => document.querySelector('#recording-progress').value > first", arg=first)
    expect(page.locator("#recording-reads-off")).to_have_text("0")


def test_long_upload_says_how_far_it_is_and_then_what_is_wrong(open_page: Open, session: Api, tmp_path: Path) -> None:
    lines = tmp_path / "lines.log.gz"
    lines.write_bytes(gzip.compress(b"a b\n" * 5_000_001))
    page = open_page(f"/s/{session.id}", expects_refusals=True)
    page.locator("#recordings-section summary").click()

    page.locator("#upload-file").set_input_files(lines)
    page.locator("#upload-form button").click()

    expect(page.locator("#upload-words")).to_have_text(re.compile(r"reading the log: \d+ %"), timeout=30_000)
    expect(page.locator("#recording-answer")).to_contain_text("more than 5,000,000 lines", timeout=60_000)
    expect(page.locator("#upload-words")).to_have_text("")


def test_broken_recording_is_refused_by_line(open_page: Open, session: Api, tmp_path: Path) -> None:
    broken = tmp_path / "broken.log"
    broken.write_text("apic_mem_writel 0x80 = 0x0\napic_mem_writel 0x8")
    page = open_page(f"/s/{session.id}", expects_refusals=True)
    page.locator("#recordings-section summary").click()

    page.locator("#upload-file").set_input_files(broken)
    page.locator("#upload-form button").click()

    expect(page.locator("#recording-answer")).to_contain_text("cannot be replayed")
    expect(page.locator("#recording-answer")).to_contain_text("line")
