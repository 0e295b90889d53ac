"""The interface, described for people."""

import re

import httpx2


def test_every_call_is_listed_in_plain_words(http: httpx2.Client) -> None:
    page = http.get("/docs").text

    calls = [
        f"<code>{method.upper()} {path}</code>"
        for path, operations in http.get("/openapi.json").json()["paths"].items()
        for method in operations
    ]
    assert len(calls) > 15
    assert [call for call in calls if call not in page] == []
    assert not re.search(r"[*`]\w", page), "marks are for those who read openapi.json"
