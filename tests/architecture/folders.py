"""The folders of the product as a graph: which one imports which, and the circles in it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from tests.architecture.source import ROOT, imports, python_files

PRODUCT: Final = ("shared", "services", "operations", "cli", "embedded", "bench", "simulator")

Graph = Mapping[str, Mapping[str, Sequence[str]]]
"""By importing folder and imported folder, the files that import."""


def folder_of(path: Path) -> str:
    """The folder that a file counts for: a package of shared/, a room of a service, else the top folder.

    A module that lies directly in shared/ or in a service counts for itself.
    """
    parts = path.with_suffix("").parts
    depth = {"shared": 2, "services": 3}.get(parts[0], 1)
    return "/".join(parts[:depth])


def subject_of(path: Path) -> str:
    """The same one level deeper for services: a subject package of a room; a module that lies directly in a room counts for itself."""
    return "/".join(path.with_suffix("").parts[:4]) if path.parts[0] == "services" else folder_of(path)


@cache
def graph(*, subjects: bool) -> Graph:
    """Every import of the product between two folders; `subjects`: between the subject packages of services as well."""
    node = subject_of if subjects else folder_of
    paths = {path for place in PRODUCT for path in python_files(place)}
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted(paths):
        for name in sorted(imports(path)):
            imported = _file_of(name, paths)
            if imported is not None and node(imported) != node(path):
                found.setdefault(node(path), {}).setdefault(node(imported), []).append(str(path))
    return found


def circles(edges: Graph) -> list[str]:
    """Each strongly connected component of more than one folder, as lines that name the imports it consists of."""
    return [
        f"{source} -> {target}: {edges[source][target][0]}"
        for component in components(edges)
        if len(component) > 1
        for source in sorted(component)
        for target in sorted(component & edges.get(source, {}).keys())
    ]


def components(edges: Graph) -> Iterator[set[str]]:
    """The strongly connected components: every folder reaches every other of its component."""
    reach = {source: reachable(edges, source) for source in edges}
    done: set[str] = set()
    for source in sorted(edges):
        if source not in done:
            component = {source} | {other for other in reach[source] if source in reach.get(other, set())}
            done |= component
            yield component


def reachable(edges: Graph, source: str) -> set[str]:
    """Every folder that the source imports, directly or through others."""
    found: set[str] = set()
    waiting = [source]
    while waiting:
        new = edges.get(waiting.pop(), {}).keys() - found
        found |= new
        waiting += new
    return found


def subfolders(place: str) -> list[str]:
    """The folders of Python code directly below a folder of the repository."""
    return sorted(each.name for each in (ROOT / place).iterdir() if each.is_dir() and each.name != "__pycache__")


def _file_of(name: str, paths: set[Path]) -> Path | None:
    """The product's file that a dotted name means: a module, or a package's __init__.py."""
    base = Path(*name.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path in paths), None)
