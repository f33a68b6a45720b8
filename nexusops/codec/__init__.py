"""Plan and journal documents: how a plan, a ledger row and a hash are written down and read back (msgspec).

encode.py     a plan as a document; decode.py: and back; files.py: as a file
rows.py       rows of the ledger; promises.py: one that became another, in the journal
state.py      the whole state, as it is exported
canonical.py  one way to write values for hashing
"""

from nexusops.codec.canonical import canonical, digest_of, hash_of
from nexusops.codec.decode import decode_plan, decode_planned
from nexusops.codec.encode import day, encode_finding, encode_plan, encode_planned, instant
from nexusops.codec.files import dump_plan, load_plan, to_text, write_whole, written_whole
from nexusops.codec.promises import change_of, promise_of
from nexusops.codec.rows import plain, row_from_json, row_to_json
from nexusops.codec.state import state_bytes

__all__ = [
    "canonical",
    "change_of",
    "day",
    "decode_plan",
    "decode_planned",
    "digest_of",
    "dump_plan",
    "encode_finding",
    "encode_plan",
    "encode_planned",
    "hash_of",
    "instant",
    "load_plan",
    "plain",
    "promise_of",
    "row_from_json",
    "row_to_json",
    "state_bytes",
    "to_text",
    "write_whole",
    "written_whole",
]
