"""`yunquan programmes`: what an operator reads, signs and checks before a pack goes live."""

from click.testing import CliRunner

from contracts.programmes.loader import SHIPPED
from infra.programmes_cli import programmes

GUIZHOU = SHIPPED / "guizhou-2018.v1.toml"


def run(*arguments):
    return CliRunner().invoke(programmes, [str(one) for one in arguments])


def test_list_names_every_programme_and_marks_what_is_invented():
    """An example would pass for a city's own rules."""
    answer = run("list")
    assert answer.exit_code == 0
    for code in ("guizhou-2018@1", "neimenggu-2019@1", "shandong-2017@1", "shenyang-2018@1", "shanxi-2018@1"):
        assert code in answer.output
    assert answer.output.count("amount delegated") == 2
    assert answer.output.count("; invented") == 2


def test_list_says_from_when_each_version_decides_and_which_does_today(tmp_path):
    """An operator would sign the old law, or take a version to come for the one in force."""
    text = GUIZHOU.read_text("utf-8")
    for version, day in (("2", "2024-01-01"), ("3", "9999-01-01")):
        later = text.replace('version = "1"', f'version = "{version}"')
        later = later.replace("effective_from = 2018-08-23", f"effective_from = {day}")
        (tmp_path / f"{version}.toml").write_text(later, "utf-8")
    lines = {line.split()[0]: line for line in run("list", "--packs", tmp_path).output.splitlines()}
    decides = {label: lines[f"guizhou-2018@{label}"].split("decides from ")[1][:10] for label in "123"}
    assert decides == {"1": "2018-08-23", "2": "2024-01-01", "3": "9999-01-01"}
    assert [label for label in lines if "; in force today" in lines[label]] == ["guizhou-2018@2", "neimenggu-2019@1"]
    assert "; period over" in lines["shenyang-2018@1"]


def test_show_has_every_rule_with_its_article_in_both_languages():
    """What the operator signs would not be what the system does."""
    chinese, english = run("show", "guizhou-2018", "--language", "zh"), run("show", "guizhou-2018", "--language", "en")
    assert chinese.exit_code == english.exit_code == 0
    for words in (
        "比例 40%〕（第十八条）",
        "上限 50,000元〕（第十六条）",
        "工作日 3",
        "提前天数 30",
        "（第十二条(二)5）",
    ):
        assert words in chinese.output
    for words in ("rate 60%] (第十八条)", "cap 50,000 yuan] (第十六条)", "working days 3", "paid to the provider"):
        assert words in english.output
    both = run("show", "guizhou-2018").output
    assert chinese.output.strip() in both
    assert english.output.strip() in both


def test_show_says_what_is_the_packs_own_way():
    """Whoever signs would take the pack's dates and severities for the document's words."""
    chinese, english = (run("show", "guizhou-2018", "--language", one).output for one in ("zh", "en"))
    assert "（五(四)；本计划包的执行方式：哪些等级的异常暂缓兑现）" in chinese
    assert "(五(四); how this pack carries it out: which alerts hold a claim)" in english
    cadence = next(line for line in chinese.splitlines() if "06-30" in line)
    assert "（第二十二条；本计划包的执行方式：文件没有写明日期" in cadence
    for code in ("guizhou-2018", "neimenggu-2019", "shandong-2017", "shenyang-2018"):
        hold = next(line for line in run("show", code, "--language", "zh").output.splitlines() if "〔等级 " in line)
        assert "〔等级 中、高〕" in hold
        assert "本计划包的执行方式" in hold


def test_show_calls_a_size_a_size():
    """A medium enterprise would read that it is of middling severity."""
    assert "〔范围 微型、小型、中型〕" in run("show", "shandong-2017", "--language", "zh").output


def test_show_composes_with_an_overlay_and_says_that_it_is_invented():
    """A city could not read what would hold for it."""
    answer = run("show", "shandong-2017", "--overlay", "example-shandong-city", "--language", "en")
    assert "rate 1/3] (示例第二条)" in answer.output
    assert "Invented example" in answer.output
    assert "Left to others to set" in run("show", "shandong-2017", "--language", "en").output


def test_check_names_file_key_and_fault(tmp_path):
    """A broken pack would go live."""
    path = tmp_path / "mine.toml"
    path.write_text(GUIZHOU.read_text("utf-8").replace('rate = "40%"', 'rate = "40"'), "utf-8")
    answer = run("check", path)
    assert answer.exit_code == 1
    assert answer.output.startswith(f"{path}: amount.rate.of.infrastructure.rate: ")
    assert run("check", GUIZHOU).exit_code == 0


def test_check_tries_an_overlay_on_packs_of_ones_own(tmp_path):
    """An overlay of a new region could not be checked."""
    text = (
        (SHIPPED / "shandong-2017.v1.toml").read_text("utf-8").replace('code = "shandong-2017"', 'code = "mine-2030"')
    )
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    overlay = (SHIPPED / "example-shandong-city.v1.toml").read_text("utf-8").replace("shandong-2017", "mine-2030")
    (tmp_path / "city.toml").write_text(overlay.replace("example-shandong-city", "mine-city"), "utf-8")
    assert run("check", tmp_path / "city.toml").exit_code == 1
    assert run("check", tmp_path / "city.toml", "--packs", tmp_path).exit_code == 0


def test_diff_shows_what_changed_and_nothing_else(tmp_path):
    """A change of the law could hide in a new version."""
    path = tmp_path / "mine.toml"
    path.write_text(GUIZHOU.read_text("utf-8").replace('cap_yuan = "50000"', 'cap_yuan = "60000"'), "utf-8")
    answer = run("diff", "guizhou-2018@1", path)
    assert answer.exit_code == 1
    assert answer.output.splitlines() == [
        "- amount.cap.of.all.cap_fen: 5000000",
        "+ amount.cap.of.all.cap_fen: 6000000",
    ]
    assert run("diff", "guizhou-2018", GUIZHOU).exit_code == 0


def test_what_is_not_there_is_told_in_one_line(tmp_path):
    """A stack would meet the operator."""
    for arguments in (
        ("show", "nowhere"),
        ("diff", "guizhou-2018", tmp_path / "no.toml"),
        ("show", "shandong-2017", "--overlay", "x"),
    ):
        answer = run(*arguments)
        assert answer.exit_code == 2
        assert len(answer.output.splitlines()) == 1
