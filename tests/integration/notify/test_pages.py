"""The board as files: what the query gives is on the page, escaped, in yuan, and in the data beside it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contracts.rpc.notify import SECTIONS
from infra import auth, signing
from infra.local.keys import write_secret
from infra.packs import library
from infra.signature_cli import signature
from services.notify import cli
from services.notify.pages import pages
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

    tag = "td"

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ("meta", "link"):
            self.open.append(tag)
        if tag == self.tag:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == self.tag:
            self.cells[-1] += data


class Headings(Cells):
    """Texts of the table's head instead."""

    tag = "th"


def written(kit: Kit, programme: str = "guizhou-2018") -> dict[str, str]:
    pack = library().load(programme)
    sections = cli.read_board(Asked(kit), pack)  # type: ignore[arg-type]
    return pages(programme=programme, programme_title=pack.title.zh, sections=sections, at=START)


def fill(kit: Kit) -> None:
    """One entry in every section that Guizhou has."""
    provider, plan, entry = kit.provider("<b>黔云</b>示例", batch=None), party(), party()
    told = {"budget_fen": 123_456_789, "region": "52", "carried_fen": 0, "made_up_fen": 0, "funds": []}
    told |= {"denominations": [], "quota_fen": 5_000_000}
    kit.tell("voucher.plan_published.v1", subject=plan, plan_id=plan, status="published", **told)
    closed = {"lapsed_fen": 50, "carried_fen": 0, "deferred_fen": 0}
    kit.tell("voucher.year_closed.v1", subject=plan, sequence=2, plan_id=plan, **closed)
    product = {"price_fen": 99_900, "name": "云主机", "category": "application"}
    kit.tell("registry.product_published.v1", status="published", provider_id=provider, **product)
    kit.tell("settlement.node_announced.v1", status="open")
    unknown = ("seed", "population", "population_hash", "drawn", "error_fen", "rate", "reason")
    kit.tell("settlement.sample_committed.v1", status="committed", size=60, **dict.fromkeys(unknown))
    paid = {"payee_id": provider, "payee_kind": "provider", "amount_fen": 7_000_000}
    kit.tell("settlement.payment_settled.v1", status="settled", **paid)
    kit.tell(
        "supervision.party_blacklisted.v1",
        subject=entry, entry_id=entry, party_id=provider, party_name=None, status="listed", ground="insolvency",
    )  # fmt: skip
    grade = {"consequence": "award", "grade": {"zh": "优秀", "en": "excellent"}, "period": "2018", "score_bp": 9105}
    kit.tell("supervision.assessment_concluded.v1", of="provider", subject_id=provider, **grade)
    kit.tell("supervision.checkpoint_made.v1", subject="evidence")


def test_a_notice_on_the_board_verifies_offline(kit: Kit, tmp_path: Path) -> None:
    """Lost otherwise: the file beside the page is not what was signed, and nobody notices until it matters."""
    write_secret(tmp_path / "signing.pem", auth.generate_keys()[0])
    signer, notice = signing.load(tmp_path / "signing.pem"), party()
    claims = sorted(party() for _ in range(2))  # as settlement publishes them
    items = [
        {"claim_id": claim, "provider_id": party(), "enterprise_id": party(), "payable_fen": 1} for claim in claims
    ]
    days = {"from_on": "2019-09-27", "until_on": "2019-10-10", "working_days": 5}
    head = {"notice_id": notice, "programme": "neimenggu-2019", "pack_version": "neimenggu-2019@1", **days}
    document = {"kind": "public_notice", **head, "items": items, "content_hash": "a" * 64}
    made = {name: text for name, text in signer.sign(document).items() if name != "algorithm"}
    told = {**head, "items": items, "content_hash": "a" * 64, **made, "public_key": signer.public_key, "outcomes": []}
    kit.tell("settlement.notice_published.v1", subject=notice, status="open", **told)
    files = written(kit, "neimenggu-2019")
    for name in (f"notice-{notice}.json", f"key-{signer.key_id}.pem"):
        assert f'href="{name}"' in files["notices.html"]
        (tmp_path / name).write_text(files[name], encoding="utf-8")
    verify = ["verify", str(tmp_path / f"notice-{notice}.json"), "--key", str(tmp_path / f"key-{signer.key_id}.pem")]
    result = CliRunner().invoke(signature, verify)
    assert result.exit_code == 0, result.output
    assert signer.sign(document)["signature"] in files["notices.html"]


HEADINGS = {  # as they were before other programmes had columns of their own
    "plans": ["年度", "资金总额", "每家企业额度上限", "受理申领", "文件", "状态", "失效金额"],
    "providers": ["云服务商", "统一社会信用代码", "行政区划", "状态"],
    "products": ["产品", "云服务商", "类别", "价格", "支持云使用券"],
    "nodes": ["年度", "截止时间", "状态", "受理件数"],
    "samples": ["节点截止时间", "抽样数", "种子哈希值", "状态"],
    "payments": ["云服务商", "年度", "笔数", "金额"],
    "commendations": ["云服务商", "期间", "得分", "等次"],
    "blacklist": ["名称", "主体", "名单", "事由", "生效时间", "末日"],
    "checkpoints": ["记录数", "根哈希", "算法", "时间", "签名"],
}


def test_guizhou_s_pages_show_its_own_columns_alone(kit: Kit):
    """Lost otherwise: a list that is owed to the public is empty on the page, or has another programme's columns."""
    fill(kit)
    files = written(kit)
    assert set(files) == {"index.html", "board.css"} | {
        f"{name}.{kind}" for name in HEADINGS for kind in ("html", "json")
    }
    for name, headings in HEADINGS.items():
        assert Headings(files[f"{name}.html"]).cells == headings, name
        cells = Cells(files[f"{name}.html"]).cells
        assert not any("None" in cell or cell == "" for cell in cells), name
        assert len(json.loads(files[f"{name}.json"])["items"]) == 1
    assert Cells(files["plans.html"]).cells[1] == "1,234,567.89元"
    assert Cells(files["products.html"]).cells[2] == "业务应用层"
    assert Cells(files["payments.html"]).cells == [
        "<b>黔云</b>示例",
        Cells(files["payments.html"]).cells[1],
        "1",
        "70,000.00元",
    ]
    assert Cells(files["commendations.html"]).cells[1:] == ["2018", "91.05", "优秀"]
    assert "<b>黔云" not in files["providers.html"]
    assert "本计划文件未要求公示此项" in files["index.html"]
    assert "依据：第十五条" in files["index.html"]
    assert "数据截至2019年3月1日 10:00" in files["index.html"]


@pytest.mark.parametrize("programme", library().codes())
def test_every_programme_s_sections_have_their_page_and_data(kit: Kit, programme: str):
    """Lost otherwise: a list that is owed to the public cannot be written, or is unreadable."""
    kit.hear(*kit.everything(programme))
    files = written(kit, programme)
    public = [name for name in SECTIONS if f"{name}.html" in files]
    assert len(public) >= 4
    for name in public:
        page = files[f"{name}.html"]
        cells = Cells(page).cells
        assert cells, name
        assert not any("None" in cell or cell == "" or "_" in cell for cell in cells), (name, cells)
        assert len(cells) % len(Headings(page).cells) == 0
    for word in ("云使用券", "云服务券", "上云补贴", "上云奖补"):
        own = library().load(programme).issuing.word.zh == word
        assert own or not any(word in page for page in files.values()), word


def test_a_programme_that_names_its_voucher_holders(kit: Kit):
    """Lost otherwise: Inner Mongolia's list of enterprises (八(二)) is not written."""
    kit.tell(
        "voucher.order_confirmed.v1", programme="neimenggu-2019", status="confirmed", voucher_fen=2_000_000,
        voucher_number="V-1",
    )  # fmt: skip
    files = written(kit, "neimenggu-2019")
    cells = Cells(files["voucher_holders.html"]).cells
    assert cells[0].startswith("编号")
    assert cells[3] == "20,000.00元"
    assert "V-1" in cells
    assert "获得云服务券的企业" in files["index.html"]
    assert "平台系统类补助比例：25%" in files["products.html"]
    assert "最高补助：20,000.00元" in files["products.html"]
    assert len(json.loads(files["products.json"])["rules"]) == 4
    assert "办理依据：七(一)" in files["payments.html"]
    assert "公示依据：八(二)" in files["voucher_holders.html"]


def test_sections_longer_than_a_page_are_whole(kit: Kit, monkeypatch: pytest.MonkeyPatch):
    """Lost otherwise: the catalogue on the web ends after 500 products."""
    monkeypatch.setattr(cli, "PAGE", 2)
    for number in range(5):
        kit.provider(f"示例{number}")
    asked = Asked(kit)
    sections = cli.read_board(asked, library().load("guizhou-2018"))  # type: ignore[arg-type]
    [providers] = [section for section in sections if section.section == "providers"]
    assert len({item["name"] for item in providers.items}) == 5
    assert asked.calls == 3 + len(SECTIONS) - 1


def test_the_command_writes_and_says_what(kit: Kit, tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Lost otherwise: a site that is half old, half new, or a run whose result no script can read."""
    fill(kit)
    monkeypatch.setattr(cli, "connect", lambda *_args, **_who: Asked(kit))
    done = CliRunner().invoke(cli.board, ["--out", str(tmp_path / "site")])
    assert done.exit_code == 0, done.output
    last = json.loads(done.output.splitlines()[-1])
    assert last["sections"]["providers"] == 1
    assert last["not_published"] == ["filings", "voucher_holders", "notices", "designations", "regions", "awards"]
    assert (tmp_path / "site" / "index.html").stat().st_mode & 0o777 == 0o644
    assert not list((tmp_path / "site").glob(".*"))


def test_with_all_each_programme_has_a_folder_of_its_own(kit: Kit, tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Lost otherwise: five programmes in one deployment, and the public finds the board of one."""
    fill(kit)
    monkeypatch.setattr(cli, "connect", lambda *_args, **_who: Asked(kit))
    done = CliRunner().invoke(cli.board, ["--out", str(tmp_path / "site"), "--all"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output.splitlines()[-1])["boards"]
    assert set(told) == set(library().codes())
    assert (told["guizhou-2018"]["sections"]["providers"], told["neimenggu-2019"]["sections"]["providers"]) == (1, 0)
    index = (tmp_path / "site" / "index.html").read_text("utf-8")
    for code in library().codes():
        assert f'href="{code}/index.html"' in index
        assert (tmp_path / "site" / code / "index.html").is_file()


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
