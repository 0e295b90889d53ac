"""The compare page as a test reads it."""

import time
from html.parser import HTMLParser

import httpx2


class Page(HTMLParser):
    """The tags of a page, and all its words in one line."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)
        self.words = " ".join(self.words.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def links(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.tags if tag == "a" and "href" in attributes]


def page(http: httpx2.Client, query: str, path: str = "/compare", status: int = 200, **headers: str) -> Page:
    """The answer, once it is there."""
    for _ in range(60):
        answer = http.get(f"{path}?{query}", headers={"Accept": "text/html", **headers})
        assert answer.status_code == status, answer.text
        if "under-way" not in answer.text:
            return Page(answer.text)
        time.sleep(0.2)
    raise AssertionError("there was no answer")
