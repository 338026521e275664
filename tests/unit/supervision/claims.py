"""Claims for tests of screening: plain ones that nobody would look at, to be spoiled one cell at a time."""

from datetime import date, timedelta

from services.supervision.domain.screening import Population, screen

START = date(2019, 1, 1)


def plain(number, **cells):
    """An honest claim; each has an enterprise, an invoice and a contract of its own, two in ten the same provider."""
    provider = number % 5
    ordered = START + timedelta(days=number % 300)
    price = 1_000_000 + 10_000 * (number % 7)
    row = {
        "claim": f"C{number:05d}",
        "order": f"O{number:05d}",
        "ordered_on": ordered,
        "confirmed_on": ordered + timedelta(days=2),
        "claimed_on": ordered + timedelta(days=60),
        "programme": "guizhou-2018",
        "provider": f"P{provider}",
        "enterprise": f"E{number:05d}",
        "category": "platform",
        "product": f"S{provider}",
        "list_price_fen": 1_100_000,
        "price_fen": price,
        "voucher_fen": price * 6 // 10,
        "paid_fen": price - price * 6 // 10,
        "refunded_fen": 0,
        "invoice_no": f"{(number * 7_368_787) % 10**8:08d}4417{number:04d}",
        "invoice_on": ordered + timedelta(days=5),
        "invoice_fen": price,
        "payer_account": f"6222{number:09d}",
        "payee_account": f"6333{provider:09d}",
        "contract_sha256": f"{number * 2_654_435_761 % 2**32:08x}" * 8,
        "usage_days": 40 + number % 15,
        "usage_units": 900 + 10 * (number % 40),
        "enterprise_registered_on": START - timedelta(days=1_000 + number),
        "enterprise_person": f"甲{number}",
        "enterprise_phone": f"139{number:08d}",
        "enterprise_address": f"中山路{number}号",
        "enterprise_account": f"6222{number:09d}",
        "provider_person": f"乙{provider}",
        "provider_phone": f"136{provider:08d}",
        "provider_address": f"北京路{provider}号",
        "provider_account": f"6333{provider:09d}",
    }
    return row | cells


def crowd(many=300, start=0):
    """So many plain claims."""
    return [plain(number) for number in range(start, start + many)]


def found(rows, focus=None):
    """Claim → the rules that alert on it."""
    return {
        claim: {finding.rule for finding in findings} for claim, findings in screen(Population.of(rows), focus).items()
    }


def finding(rows, claim, rule):
    """What that rule says of that claim; None when it says nothing."""
    findings = screen(Population.of(rows), [claim]).get(claim, [])
    return next((one for one in findings if one.rule == rule), None)
