"""Between numpy and Arrow, without copying numbers.

pyarrow's own ways look whether they have to do with something of pandas, and import that where it is
installed: a sixth of a second, and 40 MiB in every process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy
import pyarrow


def number_array(values: Any) -> pyarrow.Array:
    """The numbers of a numpy array or an `array`, not copied."""
    numbers = numpy.ascontiguousarray(numpy.asarray(values))
    type_ = pyarrow.from_numpy_dtype(numbers.dtype)
    return pyarrow.Array.from_buffers(type_, len(numbers), [None, pyarrow.py_buffer(numbers)])


def numbers_in(values: pyarrow.Array | pyarrow.ChunkedArray) -> numpy.ndarray[Any, Any]:
    """The numbers of an Arrow array, none of which is null; only chunks have to be joined."""
    if isinstance(values, pyarrow.ChunkedArray):
        values = values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()
    numbers: numpy.ndarray[Any, Any] = numpy.from_dlpack(values)
    return numbers


def text_array(values: Sequence[str]) -> pyarrow.StringArray:
    """Texts as Arrow has them; half of a character, which it has not, becomes a question mark."""
    try:
        encoded = [value.encode() for value in values]
    except UnicodeEncodeError:
        encoded = [value.encode("utf-8", "replace") for value in values]
    offsets = numpy.zeros(len(encoded) + 1, numpy.int32)
    numpy.cumsum([*map(len, encoded)], out=offsets[1:])
    buffers = [None, pyarrow.py_buffer(offsets), pyarrow.py_buffer(b"".join(encoded))]
    return pyarrow.Array.from_buffers(pyarrow.string(), len(encoded), buffers)
