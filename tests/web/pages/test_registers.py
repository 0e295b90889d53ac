"""The register reference against the definitions that it is made from."""

from html.parser import HTMLParser

import httpx2
import pytest

from app.web.pages.registers.entries import hexadecimal
from app.x86.bitfields import Layout
from app.x86.definitions import Definition, OtherRegister, RegisterDefinition, VectorSet
from app.x86.reference import GENERAL_RULES, SUBJECTS
from app.x86.registers import Access
from app.x86.words import name_words
from tests.web.serving import Server

DEFINITIONS = {
    definition.register.name if isinstance(definition, RegisterDefinition) else definition.name: definition
    for subject in SUBJECTS
    for definition in subject.definitions
}


class Page(HTMLParser):
    """What a page says, article by article, and what is said outside them all under ``""``."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: dict[str, str] = {"": ""}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self._article = ""
        self.feed(html)
        self.said = {article: " ".join(text.split()) for article, text in self.said.items()}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if identifier := attributes.get("id"):
            self.ids.append(identifier)
        if tag == "article":
            self._article = attributes["id"] or ""
            self.said[self._article] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "article":
            self._article = ""
        elif tag not in ("wbr", "a", "span"):
            self.said[self._article] += " "

    def handle_data(self, data: str) -> None:
        self.said[self._article] += data

    @property
    def articles(self) -> set[str]:
        return set(self.said) - {""}


def get(http: httpx2.Client, **query: str) -> Page:
    answer = http.get("/registers", params=query)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    return Page(answer.text)


@pytest.fixture(scope="module")
def page(server: Server) -> Page:
    """The whole reference, read once."""
    with server.client() as client:
        return get(client)


def access_words(access: Access) -> str:
    return "not there" if access is Access.NONE else access.value


def places(definition: Definition) -> list[str]:
    """Where it is and what may be done there, as the page must say it."""
    match definition:
        case RegisterDefinition(register=offset, xapic=xapic, x2apic=x2apic):
            msr = 0x800 + offset // 16
            return [f"0x{offset:03x} {access_words(xapic)}", f"0x{msr:03x} {access_words(x2apic)}"]
        case VectorSet(first=first):
            msr = 0x800 + first // 16
            return [f"0x{first:03x} to 0x{first + 0x70:03x} read", f"0x{msr:03x} to 0x{msr + 7:03x} read"]
        case OtherRegister(place=place, access=access):
            return [f"{place} {access_words(access)}"]


def reset_words(definition: Definition) -> str:
    """The reset value as the page must say it."""
    if isinstance(definition, VectorSet):
        return "after reset 0x00000000 each"
    if isinstance(definition, RegisterDefinition):
        number = "holds nothing" if definition.register.name in ("EOI", "SELF_IPI") else f"0x{definition.reset:08x}"
    elif definition.reset is None:
        number = "holds nothing"
    else:
        number = hexadecimal(definition.reset, definition.width)
    return f"after reset {number} {definition.reset_note}".strip()


def layouts(definition: Definition) -> list[tuple[Layout, Access]]:
    """The layouts that the page must show, each with what software may do with it."""
    match definition:
        case VectorSet():
            return [(Layout((definition.vectors,)), Access.READ)]
        case OtherRegister():
            return [(definition.layout, definition.access)]
        case RegisterDefinition(xapic_layout=None, x2apic_layout=None):
            only = definition.x2apic if definition.xapic is Access.NONE else definition.xapic
            return [(definition.layout, only)]
        case RegisterDefinition():
            return [
                (definition.xapic_layout or definition.layout, definition.xapic),
                (definition.x2apic_layout or definition.layout, definition.x2apic),
            ]


def field_rows(definition: Definition) -> list[str]:
    """Each field as the page must say it: bits, name, access, meaning."""
    return [
        f"{field.bits} {name_words(field.name)} {access.value if field.writable else 'read'} {field.meaning}"
        for layout, access in layouts(definition)
        for field in layout.fields
    ]


def test_64_bits_are_two_groups_of_digits() -> None:
    assert hexadecimal(0xFEE0_0800, 64) == "0x00000000_fee00800"
    assert hexadecimal(0xFF, 32) == "0x000000ff"


def test_page_has_an_article_for_every_definition(page: Page) -> None:
    assert page.articles == set(DEFINITIONS)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_article_says_what_the_definition_says(page: Page, name: str) -> None:
    definition, said = DEFINITIONS[name], page.said[name]

    assert said.startswith(f"{name} {definition.title}")
    facts = (definition.meaning, *places(definition), reset_words(definition), *definition.rules)
    for expected in (*facts, *field_rows(definition)):
        assert expected in said
    assert said.endswith(definition.source)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_map_and_contents_lead_to_every_article(page: Page, name: str) -> None:
    links = [attributes.get("href") for tag, attributes in page.tags if tag == "a"]

    assert links.count(f"#{name}") == 3  # contents, map, its own heading


def test_links_within_the_page_lead_somewhere(page: Page) -> None:
    links = {attributes.get("href") or "" for tag, attributes in page.tags if tag == "a"}

    assert len(set(page.ids)) == len(page.ids)
    assert {link[1:] for link in links if link.startswith("#")} <= set(page.ids)


def test_what_the_rights_forbid_is_said(page: Page) -> None:
    assert "In x2APIC mode it is not there: RDMSR and WRMSR raise #GP." in page.said["DFR"]
    assert "In x2APIC mode WRMSR raises #GP." in page.said["LDR"]
    assert "In x2APIC mode RDMSR raises #GP." in page.said["SELF_IPI"]
    assert "an access sets ESR bit 7" in page.said["SELF_IPI"]
    assert "WRMSR of anything but 0 raises #GP" in page.said["EOI"]
    assert "a reserved bit set (31:20, 17:16, 13) raises #GP" in page.said["ICR_LOW"]
    assert "a reserved bit set (63:4, 2) raises #GP" in page.said["TIMER_DIVIDE"]


def test_general_rules_come_first(page: Page) -> None:
    assert all(rule in page.said[""] for rule in GENERAL_RULES)


def test_page_needs_nothing_that_the_content_policy_forbids(page: Page) -> None:
    assert all(tag != "style" and "style" not in attributes for tag, attributes in page.tags)
    assert all(attributes.get("src") for tag, attributes in page.tags if tag == "script")
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Clock alarm", {"IA32_TSC_DEADLINE"}),
        ("SELF_IPI", {"SELF_IPI"}),
        ("0x83f", {"SELF_IPI"}),
        ("remote-read", {"RRD"}),
        ("no such words", set()),
    ],
)
def test_filter_keeps_what_holds_every_word(http: httpx2.Client, wanted: str, found: set[str]) -> None:
    page = get(http, q=wanted)

    assert page.articles == found
    expected = f"{len(found)} of {len(DEFINITIONS)} registers mention" if found else "No register mentions"
    assert f"{expected} “{wanted}”." in page.said[""]


@pytest.mark.parametrize("blank", ["", "   "])
def test_empty_filter_shows_all(http: httpx2.Client, blank: str) -> None:
    assert get(http, q=blank).articles == set(DEFINITIONS)


def test_filter_is_text_and_never_markup(http: httpx2.Client) -> None:
    answer = http.get("/registers", params={"q": '"><script>alert(1)</script>' + "x" * 5000})

    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "x" * 100 not in answer.text


@pytest.mark.parametrize("path", ["/docs", "/"])
def test_other_pages_lead_here(http: httpx2.Client, path: str) -> None:
    answer = http.get(path, follow_redirects=True)

    assert 'href="/registers"' in answer.text
