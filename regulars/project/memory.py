"""Memory of a process that does large pieces of work: given back between two of them."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

# A chunk of rows makes some hundred thousand objects that all go together, without cycles.
YOUNG_OBJECTS_MAX = 100_000
MIDDLE_ROUNDS_MAX = 20


@contextmanager
def settled() -> Iterator[None]:
    """Let the collector look only at what is new, and seldom, while a large piece of work is done.

    Otherwise a tenth of an import's time goes into looking at modules that never go.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS_MAX, MIDDLE_ROUNDS_MAX, MIDDLE_ROUNDS_MAX)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def give_back() -> None:
    """Return what is free inside the process; where the C library cannot, nothing happens."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
