"""SQL lives beside the store that runs it; aiosql turns a file into named, asynchronous functions."""

from pathlib import Path
from typing import Any

import aiosql


def load(python_file: str) -> Any:
    """The queries of the .sql file beside `python_file` (call it with `__file__`)."""
    return aiosql.from_path(Path(python_file).with_suffix(".sql"), "asyncpg", mandatory_parameters=False)
