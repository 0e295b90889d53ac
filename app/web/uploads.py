"""Recordings that people have sent to the compare page, by content."""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256

from app.web.pages.compare.question import UPLOADED

#: The most that is kept: what was not asked for longest goes first.
_KEPT_BYTES = 48 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A recording that somebody has sent."""

    key: str
    name: str
    data: bytes


class Uploads:
    """The files that were sent most recently, as far as there is room."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Upload] = OrderedDict()

    def add(self, name: str, data: bytes) -> Upload:
        """Keeps a file. The same content has the same key, so that its address can be opened again."""
        upload = Upload(UPLOADED + sha256(data).hexdigest()[:16], name, data)
        self._kept[upload.key] = upload
        self._kept.move_to_end(upload.key)
        while len(self._kept) > 1 and sum(len(kept.data) for kept in self._kept.values()) > _KEPT_BYTES:
            self._kept.popitem(last=False)
        return upload

    def names(self) -> dict[str, str]:
        """Key to file name, for every file that is kept."""
        return {key: upload.name for key, upload in self._kept.items()}

    def get(self, key: str) -> Upload | None:
        """The file with that key; None when it has gone."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)
