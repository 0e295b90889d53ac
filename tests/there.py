"""What a test knows to be there, though its type says that it may not."""

from typing import TypeVar

Thing = TypeVar("Thing")


def there(thing: Thing | None) -> Thing:
    assert thing is not None
    return thing
