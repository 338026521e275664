"""PAYMENT_MISMATCH and ROUND_TRIP: was the enterprise's own share really paid, to whom, and did it stay there?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np

from services.supervision.domain.finding import Finding, Severity
from services.supervision.domain.screening import settings
from services.supervision.domain.screening.population import Floats, Population, Rows

MISMATCH = "PAYMENT_MISMATCH"
ROUND_TRIP = "ROUND_TRIP"

Reason = tuple[int, str, str, Mapping[str, Any]]  # score, sentence in Chinese and English, numbers


def find_mismatch(population: Population, focus: Rows) -> Iterator[tuple[int, Finding]]:
    """Each claim whose own share was not paid, or not from the enterprise's account to the provider's."""
    short = _short(population)
    foreign = {side: _foreign(population, side) for side in ("payer", "payee")}
    for row in focus.tolist():
        reasons: list[Reason] = []
        if short[row]:
            reasons.append(_too_little(population, row))
        if foreign["payer"][row]:
            reasons.append(
                (80, "付款账户不是该企业的账户", "it was paid from an account that is not the enterprise's", {})
            )
        if foreign["payee"][row]:
            reasons.append(
                (80, "收款账户不是该云服务商的账户", "it was paid to an account that is not the provider's", {})
            )
        if reasons:
            named = {"from_own_account": not foreign["payer"][row], "to_provider": not foreign["payee"][row]}
            yield row, _finding(MISMATCH, reasons, named)


def find_round_trip(population: Population, focus: Rows) -> Iterator[tuple[int, Finding]]:
    """Each claim whose money came back: as a refund, to the enterprise's own account, or round by others'."""
    back = _came_back(population)
    own = _accounts(population, "enterprise")
    payees, payers = population.keys("payee_account"), population.keys("payer_account")
    ring = _rings(population)
    for row in focus.tolist():
        reasons: list[Reason] = []
        if back[row]:
            reasons.append(_refunded(population, row))
        if payees[row] is not None and (
            payees[row] in own.get(population.enterprise[row], ()) or payees[row] == payers[row]
        ):
            reasons.append(
                (90, "付款进入企业自己的账户", "the money was paid to an account of the enterprise itself", {})
            )
        claims: tuple[str, ...] = ()
        if row in ring:
            claims = tuple(population.claim[other] for other in ring[row] if other != row)[:20]
            zh = f"付款经{len(ring[row])}笔申请的账户转回付款人"
            reasons.append(
                (80, zh, f"the accounts of {len(ring[row])} claims pay each other in a ring", {"ring": len(ring[row])})
            )
        if reasons:
            yield row, _finding(ROUND_TRIP, reasons, {}, claims)


# --- what was paid --------------------------------------------------------------------------------------------------


def _own_share(population: Population) -> Floats:
    """Price less voucher; NaN where either is not known."""
    return population.numbers("price_fen") - population.numbers("voucher_fen")


def _short(population: Population) -> np.ndarray[Any, np.dtype[np.bool_]]:
    own, paid = _own_share(population), population.numbers("paid_fen")
    least = own * (1 - settings.SHORT_SHARE) - settings.SHORT_FEN
    short = paid < least
    usual = _customary(short, paid / np.where(own > 0, own, np.nan))
    for rows in _in_parts(population, np.flatnonzero(short)):
        if paid[rows].sum() >= least[rows].max():
            short[rows] = False
    placed = np.array([order is not None for order in population.order], dtype=bool)  # else it may be paid in parts
    return np.asarray(short & ~usual & placed)


def _in_parts(population: Population, short: Rows) -> Iterator[Rows]:
    """Claims of one order at one price of which each was paid in part: the parts count together."""
    parts: defaultdict[Any, list[int]] = defaultdict(list)
    for row in short.tolist():
        order = population.order[row]
        if order is not None:
            parts[order, population.enterprise[row], population.price_fen[row], population.voucher_fen[row]].append(row)
    yield from (np.array(rows) for rows in parts.values() if len(rows) > 1)


def _customary(short: Any, ratio: Floats) -> Any:
    """Short payments at a ratio that so many claims have that it must be the agreed way of paying."""
    known = np.count_nonzero(~np.isnan(ratio))
    if known < settings.CUSTOM_FROM:
        return np.zeros(len(short), dtype=bool)
    percent = np.where(np.isnan(ratio), -1, np.round(ratio * 100)).astype(np.int64)
    values, counts = np.unique(percent[short], return_counts=True)
    usual = values[(counts > settings.INSTALMENT_SHARE * known) & (values > 0)]
    return np.isin(percent, usual)


def _too_little(population: Population, row: int) -> Reason:
    price, voucher, paid = population.price_fen[row], population.voucher_fen[row], population.paid_fen[row]
    assert price is not None
    assert voucher is not None
    assert paid is not None
    own = price - voucher
    percent = paid * 100 // own
    zh = f"自付部分{own / 100:.2f}元只付了{paid / 100:.2f}元"
    en = f"of the own share of {own / 100:.2f} yuan only {paid / 100:.2f} were paid"
    return 60 + (100 - percent) * 35 // 100, zh, en, {"own_share_fen": own, "paid_fen": paid, "percent_paid": percent}


# --- whose accounts -------------------------------------------------------------------------------------------------


def _accounts(population: Population, side: str) -> dict[str | None, set[str]]:
    """Every account that any row states of a party."""
    found: dict[str | None, set[str]] = {}
    for party, account in set(zip(getattr(population, side), population.keys(f"{side}_account"), strict=True)):
        if party is not None and account is not None:
            found.setdefault(party, set()).add(account)
    return found


def _foreign(population: Population, side: str) -> list[bool]:
    """Rows paid from (`payer`) or to (`payee`) an account that is none of the party's, nor a customary one."""
    party = {"payer": "enterprise", "payee": "provider"}[side]
    accounts, parties = population.keys(f"{side}_account"), getattr(population, party)
    own = _accounts(population, party)
    foreign = [
        account is not None and bool(own.get(who)) and account not in own[who]
        for account, who in zip(accounts, parties, strict=True)
    ]
    used = Counter(account for account, odd in zip(accounts, foreign, strict=True) if odd)
    known = sum(account is not None for account in accounts)
    custom = max(settings.CUSTOM_FROM * settings.CUSTOM_SHARE, known * settings.COLLECTING_SHARE)
    return [odd and used[account] <= custom for account, odd in zip(accounts, foreign, strict=True)]


def _rings(population: Population) -> dict[int, list[int]]:
    """Claims whose payments lead round: row → the rows of its ring."""
    edges: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    rows = zip(population.keys("payer_account"), population.keys("payee_account"), strict=True)
    for row, (payer, payee) in enumerate(rows):
        if payer is not None and payee is not None and payer != payee:
            edges[payer, payee].append(row)
    graph = nx.DiGraph()
    graph.add_edges_from(sorted(edges))
    found: dict[int, list[int]] = {}
    for ring in nx.strongly_connected_components(graph):
        if 1 < len(ring) <= settings.RING_ACCOUNTS:
            inside = sorted(row for edge in graph.subgraph(ring).edges for row in edges[edge])
            found |= dict.fromkeys(inside, inside)
    return found


# --- what came back -------------------------------------------------------------------------------------------------


def _came_back(population: Population) -> Any:
    """A refund of a good part of what was paid that leaves less than the own share."""
    paid, refunded = population.numbers("paid_fen"), population.numbers("refunded_fen")
    share = refunded / np.where(paid > 0, paid, np.nan)
    known = ~np.isnan(share)
    least = settings.REFUND_SHARE
    if np.count_nonzero(known) >= settings.CUSTOM_FROM:
        usual = np.quantile(share[known], 1 - settings.REFUND_CUSTOM)
        least = max(least, float(usual) if usual < settings.REFUND_MOST else settings.REFUND_MOST)
    own = _own_share(population)
    lacking = paid - refunded < own * (1 - settings.SHORT_SHARE) - settings.SHORT_FEN
    return (share >= least) & (lacking | (np.isnan(own) & (share >= settings.REFUND_MOST)))


def _refunded(population: Population, row: int) -> Reason:
    paid, refunded = population.paid_fen[row], population.refunded_fen[row]
    assert paid is not None
    assert refunded is not None
    percent = refunded * 100 // paid
    zh = f"企业支付{paid / 100:.2f}元后被退回{refunded / 100:.2f}元（{percent}%）"
    en = f"of the {paid / 100:.2f} yuan paid {refunded / 100:.2f} came back ({percent} %)"
    return (
        min(97, 60 + percent * 37 // 100),
        zh,
        en,
        {"paid_fen": paid, "refunded_fen": refunded, "percent_back": percent},
    )


def _finding(rule: str, reasons: Sequence[Reason], named: Mapping[str, Any], claims: tuple[str, ...] = ()) -> Finding:
    score = max(reason[0] for reason in reasons)
    severity: Severity = "high" if score >= settings.PAYMENT_GRAVE else "medium"
    en = "; ".join(reason[2] for reason in reasons)
    numbers = {name: value for reason in reasons for name, value in reason[3].items()}
    return Finding(
        rule=rule,
        severity=severity,
        score=score,
        zh=f"{'；'.join(reason[1] for reason in reasons)}。",
        en=f"{en[0].upper()}{en[1:]}.",
        numbers={**numbers, **named},
        claims=claims,
    )
