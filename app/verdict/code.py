"""What overriding means in code: how many functions of the kernel touch a register, and what each back end writes anew.

Counted in the code objects of this model's kernel, which follows Linux function by function. Its lines are Python's and
not C's: proportions carry over, sizes do not.
"""

from dataclasses import dataclass, fields
from types import CodeType, FunctionType, ModuleType

from app.backends.backend import Backend
from app.guest.apic_ops import ApicOperations, Generation, absent
from app.guest.linux_2_6_22 import apic_driver, boot, interrupts, smp

REGISTER_OPERATIONS = ("apic_read", "apic_write")
#: Where 2.6.22 reaches for its APIC.
_MODULES = (apic_driver, boot, interrupts, smp)


@dataclass(frozen=True, slots=True)
class Touching:
    """The functions of a kernel above its register operations that read or write registers themselves, and those that
    only get there through another function, with the *lines* of all of them."""

    directly: tuple[str, ...]
    indirectly: tuple[str, ...]
    lines: int


@dataclass(frozen=True, slots=True)
class Overriding:
    """What a back end puts in place of the kernel's functions. *lines* are its own; *copies* are those of its functions
    that do the same as the replaced one, instruction by instruction, and only call something else."""

    operations: tuple[str, ...]
    replaced_functions: tuple[str, ...]
    lines: int
    copies: tuple[str, ...]


def touching(generation: Generation) -> Touching:
    """Counts in the kernel of the argument, 2.6.22. ValueError for another one, whose drivers are per mode."""
    if generation.name != "linux-2.6.22":
        raise ValueError(f"the functions of {generation.name} are not listed here")
    functions = {name: function for module in _MODULES for name, function in functions_of(module).items()}
    natives = {function.__name__ for function in _functions(generation.xapic, REGISTER_OPERATIONS)}
    called_as = {field.name: getattr(generation.xapic, field.name).__name__ for field in fields(ApicOperations)}
    calls = {
        name: {called_as.get(used, used) for used in function.__code__.co_names} for name, function in functions.items()
    }
    directly = {name for name, used in calls.items() if used & natives and name not in natives}
    reaching = set(directly)
    while found := {name for name, used in calls.items() if used & reaching} - reaching:
        reaching |= found
    return Touching(
        tuple(sorted(directly)),
        tuple(sorted(reaching - directly)),
        sum(lines_of(functions[name]) for name in reaching),
    )


def overriding(backend: Backend) -> Overriding:
    """Counts in the table of *backend*."""
    pairs = [(getattr(backend.operations, name), getattr(backend.native, name)) for name in backend.overrides]
    return Overriding(
        backend.overrides,
        backend.replaced_functions,
        sum(lines_of(own) for own, _ in pairs),
        tuple(own.__name__ for own, native in pairs if same_shape(own.__code__, native.__code__)),
    )


def functions_of(module: ModuleType) -> dict[str, FunctionType]:
    """The functions that *module* defines, by name."""
    found = vars(module).items()
    return {
        name: value for name, value in found if isinstance(value, FunctionType) and value.__module__ == module.__name__
    }


def _functions(table: ApicOperations, names: tuple[str, ...]) -> list[FunctionType]:
    return [getattr(table, name) for name in names if getattr(table, name) is not absent]


def lines_of(function: FunctionType) -> int:
    """Lines that do something: no docstring, no comment, not the line of ``def``."""
    code = function.__code__
    return len({line for _, _, line in code.co_lines() if line is not None} - {code.co_firstlineno})


def same_shape(one: CodeType, other: CodeType) -> bool:
    """Whether both do the same instructions on the same number of names and constants: then they differ in what these
    names and constants are, and in nothing else."""
    sizes = [(len(code.co_names), len(code.co_consts), code.co_argcount) for code in (one, other)]
    return sizes[0] == sizes[1] and one.co_code == other.co_code
