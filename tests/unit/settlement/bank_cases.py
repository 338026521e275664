"""Payments of a batch and what the bank says of them, for tests of files; official schemas to hold messages against."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import distribution

from lxml import etree

from infra.demo.bank import Ordered
from services.settlement.domain.bank import Instruction, Line, Payee, Payer

BATCH = "01H00000000000000000000007"
ON = date(2018, 9, 3)
RELEASED = datetime(2018, 9, 3, 4, 0, tzinfo=UTC)
PAYER = Payer(
    programme="guizhou-2018",
    name="示例财政专户",
    account="6200000000000000017",
    bank_name="示例银行",
    bank_code="102701000013",
)
PAYEE = Payee(
    name="生成云服务有限公司",
    uscc="91520100MA6DK7YR4K",
    bank_name="生成银行",
    bank_code="010270100001",
    account="0062 0012345678901234",
)
ORDER = Ordered(BATCH, PAYER.account, {"YQA": 400_000, "YQB": 123_456, "YQC": 1})
SCHEMAS = {
    "pain.001.001.09": ("pain001", "pain001/templates/pain.001.001.09/pain.001.001.09.xsd"),
    "pain.002.001.03": ("pain001", "pain001/pain002/schemas/pain.002.001.03.xsd"),
    "pain.002.001.12": ("pain001", "pain001/pain002/schemas/pain.002.001.12.xsd"),
    "camt.053.001.02": ("camt053", "camt053/xsd/camt.053.001.02.xsd"),
    "camt.053.001.08": ("camt053", "camt053/xsd/camt.053.001.08.xsd"),
}


def instruction(**lines: int) -> Instruction:
    """Payments by reference and fen, all out of the programme's own money."""
    amounts = lines or dict(ORDER.payments)
    return Instruction(
        batch_id=BATCH,
        programme="guizhou-2018",
        released_at=RELEASED,
        lines=tuple(line(reference, amount) for reference, amount in amounts.items()),
    )


def line(reference: str, amount_fen: int, *, fund: str = "guizhou-2018:2018", payer: Payer | None = PAYER) -> Line:
    purpose = f"{fund} 1"
    return Line(reference=reference, payee=PAYEE, amount_fen=amount_fen, purpose=purpose, fund=fund, payer=payer)


@cache
def schema(kind: str) -> etree.XMLSchema:
    """The official schema, from a package that ships it."""
    package, path = SCHEMAS[kind]
    return etree.XMLSchema(etree.parse(str(distribution(package).locate_file(path))))


def check(kind: str, content: bytes) -> None:
    """libxml2's word that it is such a message."""
    schema(kind).assertValid(etree.fromstring(content))
