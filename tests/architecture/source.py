"""What the architecture tests read: files of ours, and what each imports and calls."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("queuer", "sender", "poller", "healer")
PACKAGES = ("services", "shared", "simulator", "embedded", "cli", "operations", "tests", "docs", "deploy", "bench", "examples")


@dataclass(frozen=True)
class Call:
    """A call as it is written: `datetime.now`, and where."""

    name: str
    line: int


@cache
def python_files(place: str) -> tuple[Path, ...]:
    """The Python files below a folder of the repository, relative to it."""
    return tuple(path.relative_to(ROOT) for path in sorted((ROOT / place).rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """A file, parsed."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> set[str]:
    """Every module a file imports, also inside functions; `from a import b` counts as a and as a.b."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively; write the whole name"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imports_from(path: Path, *packages: str) -> set[str]:
    """Those of a file's imports that lie in one of the packages."""
    return {name for name in imports(path) if any(name == package or name.startswith(f"{package}.") for package in packages)}


def calls(path: Path) -> Iterator[Call]:
    """Every call of a dotted name."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.replace(".", "").replace("_", "").isalnum():
                yield Call(name, node.lineno)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a file that is no docstring, with its line."""
    # A string that stands alone is documentation: of its module, class, function or constant.
    alone = {id(node.value) for node in ast.walk(tree(path)) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.lineno, node.value
