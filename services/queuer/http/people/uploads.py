"""An uploaded list, streamed to a file: neither its size nor a lie about it fills the memory."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from shared.service.http import ApiError

CHUNK: Final = 1 << 20  # bytes
FIELD: Final = "file"
UNNAMED: Final = "upload.csv"


@dataclass(frozen=True, slots=True)
class Upload:
    """What came, and under which name."""

    path: Path
    file_name: str


async def receive(request: Request, path: Path, *, largest: int, file_name: str | None) -> Upload:
    """Write the list in the request to `path`: the form's field `file`, or the whole body.

    Raises:
        ApiError: 413 for more than `largest` bytes, 422 for a form without a list or one that cannot be read.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > largest:
        raise _too_large(largest)
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        with path.open("wb") as file:
            async for chunk in _limited(request, largest):
                file.write(chunk)
        return Upload(path, _file_name_shown(file_name) or UNNAMED)
    return await _form(request, path, largest=largest, file_name=file_name)


async def _form(request: Request, path: Path, *, largest: int, file_name: str | None) -> Upload:
    try:
        form = await MultiPartParser(request.headers, _limited(request, largest), max_files=1, max_fields=10).parse()
    except (MultiPartException, KeyError, ValueError) as error:
        said = getattr(error, "message", None) or "its boundary is missing"
        raise ApiError(422, "unreadable_form", f"The form cannot be read: {said}. Send it as multipart/form-data.") from None
    try:
        sent = form.get(FIELD)
        if not isinstance(sent, UploadFile):
            raise ApiError(422, "no_file", f"The form has no file in the field {FIELD!r}; put the list there, or send it as the body.")
        with path.open("wb") as file:
            await _copy(sent, file)
        return Upload(path, _file_name_shown(file_name) or _file_name_shown(sent.filename) or UNNAMED)
    finally:
        await form.close()


async def _copy(sent: UploadFile, file: BinaryIO) -> None:
    while chunk := await sent.read(CHUNK):
        file.write(chunk)


async def _limited(request: Request, largest: int) -> AsyncGenerator[bytes, None]:
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > largest:
            raise _too_large(largest)
        yield chunk


def _file_name_shown(name: str | None) -> str:
    """A file's own name in printable characters: it is shown and stored, and never used as a path."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable()).strip()[:200]


def _too_large(largest: int) -> ApiError:
    return ApiError(413, "too_large", f"The list is larger than {largest // 1024**2} MB; split it into smaller files.")
