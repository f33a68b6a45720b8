"""Files as an exporter, a disk or a person may spoil them: what it is called, and what becomes of the bytes.

``REFUSED`` can be read by nobody without guessing; ``READ`` says the same as before, in another form.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

Bytes = Callable[[bytes], bytes]


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines()


def _zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("table.csv", content)
    return out.getvalue()


def _in_last_row(change: Bytes) -> Bytes:
    return lambda content: b"\n".join([*_lines(content)[:-1], change(_lines(content)[-1])]) + b"\n"


def _in_header(change: Bytes) -> Bytes:
    return lambda content: b"\n".join([change(_lines(content)[0]), *_lines(content)[1:]]) + b"\n"


def _quoted(content: bytes) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows(csv.reader(io.StringIO(content.decode(), newline="")))
    return out.getvalue().encode()


def _turned(content: bytes) -> bytes:
    """The columns in the opposite order."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows(row[::-1] for row in csv.reader(io.StringIO(content.decode(), newline="")))
    return out.getvalue().encode()


def _alternating(content: bytes) -> bytes:
    ends = (b"\n", b"\r\n")
    return b"".join(line + ends[number % 2] for number, line in enumerate(_lines(content)))


REFUSED: Mapping[str, Bytes] = {
    "in UTF-16": lambda content: content.decode().encode("utf-16"),
    "in UTF-16 without a mark": lambda content: content.decode().encode("utf-16-le"),
    "in UTF-32": lambda content: content.decode().encode("utf-32"),
    "in Latin-1": lambda content: content + "Zoë\n".encode("latin-1"),
    "with two byte order marks": lambda content: b"\xef\xbb\xbf" * 2 + content,
    "with a NUL": _in_last_row(lambda row: row[:3] + b"\0" + row[3:]),
    "compressed": gzip.compress,
    "in an archive": _zipped,
    "empty": lambda _: b"",
    "blank": lambda _: b"\n\n\n",
    "a page of a proxy": lambda _: b"<html><body>504 Gateway Time-out</body></html>\n",
    "an error of the database": lambda _: b"ERROR:  relation does not exist\n",
    "without its header": lambda content: b"\n".join(_lines(content)[1:]) + b"\n",
    "with a column twice": _in_header(lambda header: header + b"," + header.split(b",")[0]),
    "without a column": _in_header(lambda header: header.replace(header.split(b",")[1], b"other", 1)),
    "with a column in capitals": _in_header(bytes.upper),
    "with spaces in its header": _in_header(lambda header: header.replace(b",", b" , ")),
    "with semicolons": lambda content: content.replace(b",", b";"),
    "with tabs": lambda content: content.replace(b",", b"\t"),
    "with a comma too many in front": _in_last_row(lambda row: b"," + row),
    "with a comma too many in the middle": _in_last_row(lambda row: row.replace(b",", b",,", 1)),
    "with a comma too many at the end": _in_last_row(lambda row: row + b","),
    "with a comma too few": _in_last_row(lambda row: row.replace(b",", b"", 1)),
    "cut off in its last row": lambda content: content[: content.rindex(b",")],
    "with a quote that is never closed": _in_last_row(lambda row: row.replace(b",", b',"', 1)),
    "with text behind a quote": _in_last_row(lambda row: b'"x"y' + row),
    "with a row of blanks": lambda content: content + b"   \n",
    "with a mark of its end": lambda content: content + b"\x1a",
    "with a footer": lambda content: content + b"(2 rows affected)\n",
    "with a field of three million letters": _in_last_row(lambda row: row + b"x" * 3_000_000),
    "with a quoted field of three million letters": _in_last_row(lambda row: b'"' + b"x" * 3_000_000 + b'"' + row),
}
READ: Mapping[str, Bytes] = {
    "with a byte order mark": lambda content: b"\xef\xbb\xbf" + content,
    "with CRLF": lambda content: content.replace(b"\n", b"\r\n"),
    "with CR": lambda content: content.replace(b"\n", b"\r"),
    "with CRLF after its header alone": lambda content: content.replace(b"\n", b"\r\n", 1),
    "with LF after its header alone": lambda content: content.replace(b"\n", b"\r\n").replace(b"\r\n", b"\n", 1),
    "with LF and CRLF in turn": _alternating,
    "with CRCRLF": lambda content: content.replace(b"\n", b"\r\r\n"),
    "without a last line end": lambda content: content.rstrip(b"\n"),
    "with blank lines": lambda content: content.replace(b"\n", b"\n\n\n"),
    "with everything in quotes": _quoted,
    "with its columns turned round": _turned,
    "with a column too many": lambda content: b"\n".join(line + b",x%d" % n for n, line in enumerate(_lines(content))),
}

NO_FILES: Mapping[str, Callable[[Path], None]] = {
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
    "a link to nowhere": lambda path: path.symlink_to(path.with_name("nowhere")),
    "a link to itself": lambda path: path.symlink_to(path),
    "a device without an end": lambda path: path.symlink_to("/dev/zero"),
    "nothing": lambda _: None,
}
"""What may stand in a file's place."""
