"""A small writer of SVG: elements as values, whose text and attributes are escaped when they are written.

Colours are presentation attributes, which a file carries along and a page's style sheet may override: one drawing
serves the page in all its themes and, as a file of its own, white paper.
"""

from dataclasses import dataclass, field
from html import escape

_NAMESPACE = "http://www.w3.org/2000/svg"

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Element:
    """One element. A child that is a string is text, never markup."""

    name: str
    children: tuple["Element | str", ...] = ()
    attributes: dict[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        said = "".join(
            f' {name.strip("_").replace("_", "-")}="{escape(written(value))}"'
            for name, value in self.attributes.items()
            if value is not None
        )
        if not self.children:
            return f"<{self.name}{said}/>"
        inside = "".join(
            escape(child, quote=False) if isinstance(child, str) else str(child) for child in self.children
        )
        return f"<{self.name}{said}>{inside}</{self.name}>"


def written(value: Value) -> str:
    """A number with at most two decimals and none that say nothing; a string as it is."""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".") or "0"
    return str(value)


def element(name: str, *children: Element | str, **attributes: Value) -> Element:
    """An element; ``stroke_width`` is written as ``stroke-width``, ``class_`` as ``class``, None not at all."""
    return Element(name, children, attributes)


def group(children: list[Element], **attributes: Value) -> Element:
    """A ``g``, with a title before its children where *title* gives one."""
    return Element("g", tuple(children), attributes)


def text(x: float, y: float, said: str, **attributes: Value) -> Element:
    """A line of text, whose base line begins (or, by ``text_anchor``, ends or has its middle) at *x*, *y*."""
    return Element("text", (said,), {"x": x, "y": y, **attributes})


def line(x1: float, y1: float, x2: float, y2: float, **attributes: Value) -> Element:
    """A straight line."""
    return Element("line", (), {"x1": x1, "y1": y1, "x2": x2, "y2": y2, **attributes})


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole picture: *name* sets its ids apart from those of others on the same page."""

    name: str
    title: str
    description: str
    width: float
    height: float
    children: tuple[Element, ...]

    def inline(self) -> str:
        """For a page, as wide as its place."""
        return str(self._svg(class_=f"chart chart-{self.name.partition('-')[0]}"))

    def file(self) -> str:
        """A file of its own on white paper, in its own size, with its title and description to be read."""
        paper = element("rect", width=self.width, height=self.height, fill="#ffffff")
        svg = self._svg(paper, xmlns=_NAMESPACE, width=self.width, height=self.height)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{svg}\n'

    def _svg(self, *before: Element, **attributes: Value) -> Element:
        title, description = f"{self.name}-title", f"{self.name}-desc"
        said = (
            element("title", self.title, id=title),
            element("desc", self.description, id=description),
        )
        return Element(
            "svg",
            (*said, *before, *self.children),
            {
                **attributes,
                "viewBox": f"0 0 {written(self.width)} {written(self.height)}",
                "role": "img",
                "aria-labelledby": title,
                "aria-describedby": description,
                "font-family": "ui-sans-serif, Helvetica, Arial, sans-serif",
                "font-size": 13,
            },
        )
