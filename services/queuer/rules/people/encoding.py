"""What the bytes of a file are: text in which encoding, or no text at all.

Decided over the whole file and not over its beginning: a list whose first accented name stands on line 40,000 would
otherwise be read wrongly from there on. The pass is one read in chunks and holds no more than a chunk.
"""

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO, Final

from shared.refusals import Refused

CHUNK: Final = 1 << 20  # bytes
SAMPLE: Final = 1 << 16  # bytes that tell a binary file and UTF-16 without its mark

_MAGIC: Final = (
    (b"PK\x03\x04", "is an Excel workbook or a zip archive; open it and save the list as CSV"),
    (b"PK\x05\x06", "is an empty zip archive; export the list as CSV"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook; open it and save the list as CSV"),
    (b"%PDF", "is a PDF; export the list as CSV"),
    (b"\x1f\x8b", "is compressed (gzip); unpack it first"),
    (b"\x89PNG", "is a picture; export the list as CSV"),
    (b"\xff\xd8\xff", "is a picture; export the list as CSV"),
    (b"SQLite format 3", "is a database; export the list as CSV"),
)
_UNDEFINED_IN_CP1252: Final = bytes.fromhex("818d8f909d")
_ESCAPED: Final = re.compile("[\udc80-\udcff]")  # what surrogateescape makes of a byte that is no UTF-8
_CONTROLS: Final = bytes(code for code in range(32) if code not in b"\t\n\r\f\x0b\x1a\x00")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to decode the file; `errors` is `surrogateescape` where single damaged rows are to be refused later."""

    name: str
    errors: str = "strict"


def detect_encoding(stream: BinaryIO) -> Encoding:
    """The encoding of a seekable file, which is left at its beginning.

    A byte order mark decides. Then UTF-16 without one (every other byte of its ASCII part is zero), then UTF-8; what is
    no UTF-8 is Windows-1252, or Latin-1 where a byte has no meaning there. A UTF-8 file with a few damaged bytes stays
    UTF-8, and only the damaged rows are refused: read as Windows-1252 every other name in it would be wrong.

    Raises:
        Refused: the file is empty or binary, or breaks off in the middle of a character.
    """
    stream.seek(0)
    sample = stream.read(SAMPLE)
    try:
        return _decide(stream, sample)
    finally:
        stream.seek(0)


def _decide(stream: BinaryIO, sample: bytes) -> Encoding:
    if not sample.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Refused("The file is empty; export the list again and choose the file that holds it.")
    for magic, words in _MAGIC:
        if sample.startswith(magic):
            raise Refused(f"The file {words}.")
    if sample.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise Refused("The file is UTF-32, which no export uses; save it as CSV in UTF-8.")
    if sample.startswith(codecs.BOM_UTF8):
        return _utf8_or_older(stream, marked=True)
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _checked_utf16(stream, "utf-16")
    if bare := _utf16_without_mark(sample):
        return _checked_utf16(stream, bare)
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls * 100 > len(sample) or sample.count(0) * 10 > len(sample):
        raise Refused("The file is binary, not text; export the list as CSV.")
    return _utf8_or_older(stream, marked=False)


def _utf16_without_mark(sample: bytes) -> str | None:
    """Header and addresses are ASCII in every list, so their high bytes are zero on one side and not on the other."""
    head = sample[:512]
    pairs = len(head) // 2
    if pairs == 0:
        return None
    first, second = head[0 : pairs * 2 : 2].count(0), head[1 : pairs * 2 : 2].count(0)
    if second * 2 > pairs and first * 10 < pairs:
        return "utf-16-le"
    if first * 2 > pairs and second * 10 < pairs:
        return "utf-16-be"
    return None


def _checked_utf16(stream: BinaryIO, name: str) -> Encoding:
    decoder = codecs.getincrementaldecoder(name)()
    stream.seek(0)
    read = 0
    try:
        while chunk := stream.read(CHUNK):
            decoder.decode(chunk)
            read += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Refused(
            f"The file is UTF-16 but damaged near byte {read + error.start + 1:,}; export it again or save it as UTF-8."
        ) from error
    return Encoding(name)


def _utf8_or_older(stream: BinaryIO, *, marked: bool) -> Encoding:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    stream.seek(0)
    good = damaged = 0
    undefined = False
    while chunk := stream.read(CHUNK):
        text = decoder.decode(chunk)
        if chunk.isascii() and text.isascii():
            continue
        undefined = undefined or any(byte in chunk for byte in _UNDEFINED_IN_CP1252)
        foreign = len(text) - len(text.encode("ascii", "ignore"))
        bad = len(_ESCAPED.findall(text))
        damaged += bad
        good += foreign - bad
    damaged += len(decoder.decode(b"", final=True))
    if marked or not damaged or good > damaged:
        return Encoding("utf-8-sig" if marked else "utf-8", "surrogateescape" if damaged else "strict")
    return Encoding("latin-1" if undefined else "cp1252")
