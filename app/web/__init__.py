"""HTTP, pages and the stream."""

import sys

# FastAPI imports all of Pydantic's first version in order to say that it takes no models of that; we have none. It goes
# on without where there is no such module, and every start is shorter by that.
sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]  # how Python writes that there is none
