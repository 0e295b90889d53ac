"""Every back end, by the name that commands and the page use."""

from app.backends.backend import Backend
from app.backends.native_xapic import NATIVE_XAPIC
from app.backends.trap_emulate import TRAP_EMULATE
from app.backends.vmi import VMI

BACKENDS: dict[str, Backend] = {backend.name: backend for backend in (NATIVE_XAPIC, TRAP_EMULATE, VMI)}
DEFAULT_BACKEND = NATIVE_XAPIC.name
