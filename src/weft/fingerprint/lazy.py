"""Results that are not there yet: a path, a lazy frame, a data set of files that the job reads.

Such a result is equal as long as the path is. What takes it opens the file, and the file is what
its own result comes from: so the content counts with the result.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from weft.fingerprint.encoding import digest, encode_bytes
from weft.model.job import Digest


def with_files(
    result: Digest, stored: bytes | memoryview, read: Iterable[tuple[str, Digest]]
) -> Digest:
    """Digest of a result with the content of those files that it names; else as it was.

    What libraries keep a path in is not known; in what is stored of the value, the file's name
    stands in any case. That a value names a file which it does not open costs some cutoff only.

    Parameters
    ----------
    stored
        The pickle of the value, without the memory of its arrays.
    read
        Path and content of each file that the job read, in that order.

    >>> with_files(b"1", b"nothing", [("/data/rows.csv", b"content")])
    b'1'
    >>> with_files(b"1", b"open rows.csv", [("/data/rows.csv", b"content")]) == b"1"
    False
    """
    whole = bytes(stored)
    named = [
        encode_bytes(content)
        for path, content in read
        if os.fsencode(os.path.basename(path)) in whole  # noqa: PTH119 - pathlib costs 3 ms
    ]
    return digest(encode_bytes(result), *named) if named else result
