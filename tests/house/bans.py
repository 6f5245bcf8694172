"""What no module may do, found in its syntax tree: each ban answers with lines and words."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 500
DOORS = frozenset({"api", "pages", "tasks"})
CLOCK_READS = frozenset(
    {
        "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "timezone.now",
        "time.time", "time.time_ns", "time.localtime", "time.gmtime",
    }
)  # fmt: skip
CHANCE_MODULES = frozenset({"random", "secrets", "uuid"})
CHANCE_CALLS = ("os.urandom", "np.random.", "numpy.random.")

Finding = tuple[int, str]
Ban = Callable[[Path, ast.Module], Iterator[Finding]]


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a chain of names, else nothing."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def clock_reads(path: Path, tree: ast.Module) -> Iterator[Finding]:
    """The hour is asked of kernel/clock only; stopwatches (time.monotonic) tell no hour."""
    if path.parts[-2:] == ("kernel", "clock.py"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ".".join(dotted(node.func).split(".")[-2:])
            if name in CLOCK_READS:
                yield node.lineno, name
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.timezone":
            yield from ((node.lineno, a.name) for a in node.names if a.name == "now")


def is_pure(path: Path) -> bool:
    """Whether the module may only decide."""
    parts = path.parts
    in_pure_room = bool({"rules", "analytics", "kernel"} & set(parts))
    # kernel/ids makes identifiers, which must be unguessable: it is the one source of chance.
    return ("pure" in parts or in_pure_room) and parts[-2:] != ("kernel", "ids.py")


def chance(path: Path, tree: ast.Module) -> Iterator[Finding]:
    """Decisions do not throw dice."""
    if not is_pure(path):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = [a.name for a in node.names]
            roots = [node.module] if isinstance(node, ast.ImportFrom) and node.module else named
            yield from ((node.lineno, r) for r in roots if r.split(".")[0] in CHANCE_MODULES)
        # A generator may come in as an argument; making one here would hide where chance begins.
        elif isinstance(node, ast.Call) and dotted(node.func).startswith(CHANCE_CALLS):
            yield node.lineno, dotted(node.func)


def door_queries(path: Path, tree: ast.Module) -> Iterator[Finding]:
    """Doors parse, call and answer; they do not ask the database themselves."""
    if not DOORS & {path.stem, *path.parts[:-1]} or "api" in path.parts[-3:-1]:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "objects":
            yield node.lineno, f"{dotted(node)}"


def float_money(_: Path, tree: ast.Module) -> Iterator[Finding]:
    """Names ending in _minor are whole numbers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            yield from _float_name(node.target, node.annotation, node.value, node.lineno)
        elif isinstance(node, ast.arg) and node.annotation is not None:
            name = ast.Name(id=node.arg)
            yield from _float_name(name, node.annotation, None, node.lineno)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _float_name(target, None, node.value, node.lineno)
        elif isinstance(node, ast.keyword) and node.arg:
            yield from _float_name(ast.Name(id=node.arg), None, node.value, node.value.lineno)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            yield from _float_name(ast.Name(id=node.name), node.returns, None, node.lineno)


def _float_name(
    target: ast.expr, annotation: ast.expr | None, value: ast.expr | None, line: int
) -> Iterator[Finding]:
    name = dotted(target).rsplit(".", 1)[-1]
    if not name.endswith("_minor"):
        return
    is_float = annotation is not None and "float" in ast.unparse(annotation)
    if value is not None:
        is_float = is_float or (isinstance(value, ast.Constant) and isinstance(value.value, float))
        is_float = is_float or (isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div))
        called = dotted(value.func) if isinstance(value, ast.Call) else ""
        is_float = is_float or called in ("float", "models.FloatField")
    if is_float:
        yield line, name


def late_decoders(_: Path, tree: ast.Module) -> Iterator[Finding]:
    """Decoders of classes are made with their module, before any thread asks.

    Of a class that two threads decode at the same moment for the first time, msgspec shows the
    second one a half-made plan, and the process dies.
    """
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name, kinds = dotted(node.func), [k.value for k in node.keywords if k.arg == "type"]
        if name == "msgspec.convert":
            kinds += node.args[1:2]
        elif name != "msgspec.json.decode":
            continue
        for kind in kinds:
            last = dotted(kind).rpartition(".")[2]
            if last[:1].isupper():
                yield node.lineno, f"{name} of {last}"


def long_functions(_: Path, tree: ast.Module) -> Iterator[Finding]:
    """A function is read at a glance."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield node.lineno, f"{node.name} has {lines} lines"


def long_modules(path: Path, tree: ast.Module) -> Iterator[Finding]:
    """A module has one subject."""
    lines = max((getattr(node, "end_lineno", 0) or 0 for node in tree.body), default=0)
    if lines > MODULE_LINES_MAX:
        yield 1, f"{path.name} has {lines} lines"


ALL: dict[str, Ban] = {
    "clock read": clock_reads,
    "chance in a decision": chance,
    "query in a door": door_queries,
    "float money": float_money,
    "late decoder": late_decoders,
    "long function": long_functions,
    "long module": long_modules,
}
