"""What ``apicscope serve`` is told about where it stands, and whom it lets in how far."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of ``serve`` that the web application needs, checked."""

    #: Stands before every path, without a slash at its end: ``/apicscope`` behind a proxy that passes on only what is
    #: below that.
    root_path: str = ""
