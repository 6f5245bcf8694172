"""Which customer a merged customer is now."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

# Each step doubles the length of the chains resolved, so this covers any real chain.
STEPS_MAX = 40

Ids = npt.NDArray[np.int64]


def resolve(losers: Ids, roots: Ids) -> pa.Table:
    """Pairs (loser, root) in which no root is itself a loser; each loser is given once.

    Chains are followed to their end. A customer merged into itself counts as not merged, and so
    do customers whose merges run in a circle.
    """
    kept = losers != roots
    first = np.unique(losers[kept], return_index=True)[1]
    losers, roots = losers[kept][first], roots[kept][first]
    for _ in range(STEPS_MAX):
        at = np.searchsorted(losers, roots).clip(max=max(losers.size - 1, 0))
        chained = losers[at] == roots if losers.size else np.zeros(0, dtype=bool)
        if not chained.any():
            break
        roots = np.where(chained, roots[at], roots)
    is_final = ~np.isin(roots, losers)
    return pa.table({"loser": losers[is_final], "root": roots[is_final]})
