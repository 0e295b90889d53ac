"""The vocabulary that the pages show the model with, ready to be sent: made once, kept for ever under its version."""

import hashlib
import json

from app.backends.catalogue import BACKENDS
from app.guest.generations import GENERATIONS
from app.state.vocabulary import vocabulary
from app.web.addresses import link
from app.web.pages.choices import functions_of
from app.web.pages.shortcuts import MACHINE_KEYS, PAIR_KEYS, bindings
from app.web.rendering import templates


def _encoded() -> bytes:
    said = vocabulary() | {
        "back_ends": {name: definition.sentence for name, definition in BACKENDS.items()},
        "guest_functions": {
            generation: {name: {"by": vector, "words": words} for name, vector, words, _ in functions_of(kernel)}
            for generation, kernel in GENERATIONS.items()
        },
        "keys": {"machine": bindings(MACHINE_KEYS), "pair": bindings(PAIR_KEYS)},
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


VOCABULARY = _encoded()
#: A text that is another one as soon as any word is another one.
VOCABULARY_VERSION = hashlib.blake2b(VOCABULARY, digest_size=6).hexdigest()


def vocabulary_address() -> str:
    """The address of the vocabulary in its present version, which browsers may keep for ever."""
    return link(f"/api/v1/vocabulary?v={VOCABULARY_VERSION}")


templates.env.globals["vocabulary_address"] = vocabulary_address
