"""Whole percents that are 100 together, from shares that need not be whole."""

from __future__ import annotations

from collections.abc import Sequence


def apportioned(weights: Sequence[int], total: int = 100) -> tuple[int, ...]:
    """`total` in whole parts by `weights`: each rounded down, the rest to the largest remainders.

    Weights that are all 0 give all to the last.
    """
    whole = sum(weights)
    if not whole:
        return (*(0 for _ in weights[:-1]), total) if weights else ()
    parts = [weight * total // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: -(weights[at] * total % whole))
    for at in by_remainder[: total - sum(parts)]:
        parts[at] += 1
    return tuple(parts)
