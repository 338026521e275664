"""How likely is it by chance? The few tests that the rules share."""

from __future__ import annotations

import math


def poisson_tail(many: int, mean: float) -> float:
    """P(X ≥ many) of a Poisson variable: so many of rare, independent things, or more, by chance."""
    if many <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    term = math.exp(many * math.log(mean) - mean - math.lgamma(many + 1))
    if many <= mean:  # the sum from below is the shorter one, and the tail no small number
        below = sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(many))
        return max(0.0, 1.0 - below)
    total, k = 0.0, many
    while term > total * 1e-12:
        total += term
        k += 1
        term *= mean / k
    return min(1.0, total)


def binomial_tail(many: int, of: int, share: float) -> float:
    """P(X ≥ many) of `of` independent tries that each succeed with probability `share`."""
    if many <= 0:
        return 1.0
    if share <= 0 or many > of:
        return 0.0
    if share >= 1:
        return 1.0
    return min(1.0, sum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(many, of + 1)))
