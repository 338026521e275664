"""The board as files: what the query gives is on the page, escaped, in yuan, and in the data beside it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from click.testing import CliRunner

from contracts.rpc.notify import SECTIONS
from services.notify import cli
from services.notify.pages import COLUMNS, pages
from tests.integration.notify.kit import START, Kit, party


class Asked:
    """Stands for the client: each call is answered by the kit's own queries."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.calls = 0

    def __enter__(self) -> Asked:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def call(self, service: str, method: str, **fields: Any) -> Any:
        assert service == "notify"
        self.calls += 1
        return self.kit.ask(method, **fields)


class Cells(HTMLParser):
    """Texts of the table's cells; fails on a tag that is never closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ("meta", "link"):
            self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "td":
            self.cells[-1] += data


def written(kit: Kit, programme: str = "guizhou-2018") -> dict[str, str]:
    sections = [cli.read_section(Asked(kit), programme, name) for name in SECTIONS]  # type: ignore[arg-type]
    return pages(programme=programme, programme_title="贵州省云使用券（2018）", sections=sections, at=START)


def fill(kit: Kit) -> None:
    """One entry in every section."""
    provider, plan, entry = kit.provider("<b>黔云</b>示例"), party(), party()
    kit.tell("voucher.plan_published.v1", subject=plan, plan_id=plan, status="published", budget_fen=123_456_789)
    kit.tell("voucher.year_closed.v1", subject=plan, sequence=2, plan_id=plan, lapsed_fen=50)
    kit.tell("registry.product_published.v1", status="published", provider_id=provider, price_fen=99_900, name="云主机")
    kit.tell("settlement.node_announced.v1", status="open")
    kit.tell("settlement.payment_settled.v1", status="settled", provider_id=provider, amount_fen=7_000_000)
    kit.tell(
        "supervision.party_blacklisted.v1",
        subject=entry, entry_id=entry, party_id=provider, party_name=None, status="listed", ground="insolvency",
    )  # fmt: skip
    kit.tell("supervision.checkpoint_made.v1", subject="evidence")
    kit.tell("voucher.quota_granted.v1", status="granted", programme="neimenggu-2019", amount_fen=2_000_000)


def test_every_section_has_its_page_and_data(kit: Kit):
    """Lost otherwise: a list that is owed to the public is empty on the page, or unreadable."""
    fill(kit)
    files = written(kit)
    assert set(files) == {"index.html", "board.css"} | {
        f"{name}.{kind}" for name in SECTIONS if name != "voucher_holders" for kind in ("html", "json")
    }
    for name in SECTIONS:
        if name == "voucher_holders":
            continue
        cells = Cells(files[f"{name}.html"]).cells
        assert len(cells) == len(COLUMNS[name]), name
        assert not any("None" in cell or cell == "" for cell in cells), name
        assert len(json.loads(files[f"{name}.json"])["items"]) == 1
    assert Cells(files["plans.html"]).cells[1] == "1,234,567.89元"
    assert Cells(files["payments.html"]).cells == [
        "<b>黔云</b>示例",
        Cells(files["payments.html"]).cells[1],
        "1",
        "70,000.00元",
    ]
    assert "<b>黔云" not in files["providers.html"]
    assert "本计划文件未要求公示此项" in files["index.html"]
    assert "依据：第十五条" in files["index.html"]
    assert "数据截至2019年3月1日 10:00" in files["index.html"]


def test_a_programme_that_names_its_voucher_holders(kit: Kit):
    """Lost otherwise: Inner Mongolia's list of enterprises (八(二)) is not written."""
    fill(kit)
    files = written(kit, "neimenggu-2019")
    cells = Cells(files["voucher_holders.html"]).cells
    assert cells[0].startswith("编号")
    assert cells[3] == "20,000.00元"


def test_sections_longer_than_a_page_are_whole(kit: Kit, monkeypatch: pytest.MonkeyPatch):
    """Lost otherwise: the catalogue on the web ends after 500 products."""
    monkeypatch.setattr(cli, "PAGE", 2)
    for number in range(5):
        kit.provider(f"示例{number}")
    asked = Asked(kit)
    section = cli.read_section(asked, "guizhou-2018", "providers")  # type: ignore[arg-type]
    assert len({item["name"] for item in section.items}) == 5
    assert asked.calls == 3


def test_the_command_writes_and_says_what(kit: Kit, tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Lost otherwise: a site that is half old, half new, or a run whose result no script can read."""
    fill(kit)
    monkeypatch.setattr(cli, "connect", lambda *_args, **_who: Asked(kit))
    done = CliRunner().invoke(cli.board, ["--out", str(tmp_path / "site")])
    assert done.exit_code == 0, done.output
    last = json.loads(done.output.splitlines()[-1])
    assert last["sections"]["providers"] == 1
    assert last["not_published"] == ["voucher_holders"]
    assert (tmp_path / "site" / "index.html").stat().st_mode & 0o777 == 0o644
    assert not list((tmp_path / "site").glob(".*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--programme", "atlantis-1999"], "no programme atlantis-1999"),
        (["--folder", "/nonexistent"], "nothing runs in /nonexistent"),
    ],
)
def test_what_cannot_be_written_is_one_clear_line(tmp_path, monkeypatch: pytest.MonkeyPatch, arguments, said):
    """Lost otherwise: a stack trace in the log of a nightly job, and an empty site."""
    monkeypatch.delenv("YUNQUAN_AMQP_URI", raising=False)
    done = CliRunner().invoke(cli.board, ["--out", str(tmp_path / "site"), *arguments])
    assert done.exit_code == 2
    assert said in done.output
    assert len(done.output.splitlines()) == 1
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(("url", "said"), [("", "is not set"), ("smtp://u:secret@host", "needs ?from=")])
def test_a_sender_without_its_settings_says_so(monkeypatch: pytest.MonkeyPatch, url, said):
    """Lost otherwise: a sender that seems to run and mails nothing, or a password on the screen."""
    monkeypatch.setenv("YUNQUAN_SMTP_URL", url)
    done = CliRunner().invoke(cli.notify_sender, ["--once"])
    assert done.exit_code == 2
    assert said in done.output
    assert "secret" not in done.output
