"""The encoding is decided over the whole file, and what is no text is refused in one sentence."""

import codecs
import gzip
import io

import pytest

from services.queuer.rules.people.encoding import Encoding, detect_encoding
from shared.refusals import Refused

LIST = "First Name,URL\r\nAna Núñez,linkedin.com/in/ana\r\nЖанна,linkedin.com/in/жанна\r\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (LIST.encode(), "utf-8"),
        (codecs.BOM_UTF8 + LIST.encode(), "utf-8-sig"),
        (LIST.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + LIST.encode("utf-16-be"), "utf-16"),
        (LIST.encode("utf-16-le"), "utf-16-le"),
        (LIST.encode("utf-16-be"), "utf-16-be"),
        ("Name,URL\nAna Núñez,x – “y”\n".encode("cp1252"), "cp1252"),
        (b"Name,URL\nAna N\xfa\xf1ez,\x81\n", "latin-1"),
        (b"Name,URL\nAna,x\n", "utf-8"),
    ],
)
def test_each_encoding_is_recognised(data: bytes, expected: str) -> None:
    assert detect_encoding(io.BytesIO(data)) == Encoding(expected)


def test_an_accent_far_behind_the_beginning_still_decides() -> None:
    plain = b"Ana,linkedin.com/in/ana\n" * 200_000
    assert detect_encoding(io.BytesIO(b"Name,URL\n" + plain + "Núñez".encode("cp1252"))).name == "cp1252"
    assert detect_encoding(io.BytesIO(b"Name,URL\n" + plain + "Núñez".encode())).name == "utf-8"


def test_a_few_damaged_bytes_do_not_make_a_whole_utf8_file_another_one() -> None:
    assert detect_encoding(io.BytesIO(LIST.encode() + b"Ana \xff,x\n")) == Encoding("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \r\n\r\n", "is empty"),
        (codecs.BOM_UTF8, "is empty"),
        (b"PK\x03\x04" + bytes(100), "Excel workbook"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "old Excel workbook"),
        (b"%PDF-1.7 ...", "PDF"),
        (gzip.compress(b"Name,URL\n", mtime=0), "unpack it"),
        (bytes(range(256)) * 20, "binary"),
        (b"\x7fELF" + bytes(200) + b"text", "binary"),
        (LIST.encode("utf-32"), "UTF-32"),
        (LIST.encode("utf-16")[:-1], "damaged near byte"),
    ],
)
def test_what_is_no_text_is_refused_with_what_to_do(data: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        detect_encoding(io.BytesIO(data))
    assert str(caught.value).count("\n") == 0
