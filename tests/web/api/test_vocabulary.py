"""The vocabulary is asked for once: a page names it by its version, and a browser may keep that for ever."""

import json
import re

import httpx2

from app.guest.generations import GENERATIONS
from app.state.vocabulary import vocabulary
from app.web.rendering import STATIC_FOLDER
from tests.web.serving import Api, bearer

PLAIN = "/api/v1/vocabulary"


def address_in(page: str) -> str:
    found = re.search(r'<link rel="preload" as="fetch" crossorigin id="vocabulary" href="([^"]+)">', page)
    assert found is not None
    return found[1]


def test_page_names_the_version_that_may_be_kept(session: Api) -> None:
    address = address_in(session.http.get(f"/s/{session.id}").text)

    answer = session.http.get(address)

    assert re.fullmatch(rf"{PLAIN}\?v=[0-9a-f]{{12}}", address)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "application/json"
    told = json.loads(json.dumps(vocabulary()))
    assert {key: answer.json()[key] for key in told} == told


def test_pair_s_page_names_the_same(http: httpx2.Client, session: Api) -> None:
    made = http.post("/api/v1/pairs", json={"a": {"backend": "native-xapic"}, "b": {"backend": "vmi"}}).json()
    page = http.get(made["links"]["page"]).text
    http.delete(f"/api/v1/pairs/{made['id']}", headers=bearer(made["key"]))

    assert address_in(page) == address_in(http.get(f"/s/{session.id}").text)


def test_any_other_address_gets_the_same_and_may_not_keep_it(http: httpx2.Client) -> None:
    plain, foreign = http.get(PLAIN), http.get(f"{PLAIN}?v=0123456789ab")

    assert plain.content == foreign.content
    assert plain.headers["cache-control"] == foreign.headers["cache-control"] == "no-cache"


def test_whoever_has_it_is_not_sent_it_again(http: httpx2.Client) -> None:
    tag = http.get(PLAIN).headers["etag"]

    again = http.get(PLAIN, headers={"If-None-Match": f'"another", {tag}'})
    other = http.get(PLAIN, headers={"If-None-Match": '"another"'})

    assert not tag.startswith("W/")
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert other.status_code == 200


def test_it_has_what_each_kernel_calls_its_vectors(http: httpx2.Client) -> None:
    vectors = http.get(PLAIN).json()["vectors"]

    assert vectors.keys() == GENERATIONS.keys()
    for name, kernel in GENERATIONS.items():
        assert vectors[name] == {str(vector): words for vector, words in kernel.vector_names.items()}


def test_its_keys_and_back_ends_are_those_of_the_pages(session: Api) -> None:
    given = session.http.get(PLAIN).json()
    page = session.http.get(f"/s/{session.id}").text

    assert given["keys"]["machine"]["PageDown"] == "stepForward"
    assert given["keys"]["pair"]["PageDown"] == "nextStimulus"
    assert [name for name in given["back_ends"] if f'value="{name}"' not in page] == []


def test_scripts_know_it_by_its_keys(http: httpx2.Client) -> None:
    script = (STATIC_FOLDER / "js/vocabulary.js").read_text()
    block = script[script.index("@typedef {object} Vocabulary") :].partition("*/")[0]
    #: Of the page's own kernel, from what there is of all.
    known = set(re.findall(r"@property \{[^\n]*?\} (\w+)", block)) - {"names"}

    assert len(known) > 15
    assert known - http.get(PLAIN).json().keys() == set()
