"""`yunquan import enterprises` against a running registry: broker, service, relay, the command as a user types it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.deployment import Deployment, Options
from infra.local.rabbitmq import Rabbit
from tests.integration.registry.world import OPERATOR, PROGRAMME, make_code

HEADER = ["企业名称", "统一社会信用代码", "注册日期", "注册资金"]


def register(path: Path, rows: int) -> Path:
    """A register with one broken code and one duplicate at its end."""
    lines = [[f"示例{number}有限公司", make_code(number), "2015-01-02", "10(万元)"] for number in range(rows)]
    lines += [["示例甲有限公司", make_code(1)[:-1] + "I", "2015-01-02", ""], lines[0]]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *lines])
    return path


@pytest.mark.slow
def test_a_register_goes_in_once(tmp_path: Path, whole_rabbit: Rabbit | None):
    """Lost otherwise: what each part promises would not add up to an import that can be repeated."""
    options = Options(services=("registry",))
    with Deployment(tmp_path / "deployment", options, node=whole_rabbit) as deployment:
        token = tmp_path / "operator.token"
        token.write_text(deployment.token("operator"))
        env = {**deployment.env("registry"), "YUNQUAN_TOKEN_FILE": str(token)}
        file = register(tmp_path / "register.csv", 1200)

        def run() -> dict[str, object]:
            command = [sys.executable, "-m", "infra.cli", "import", "enterprises", str(file)]
            command += ["--programme", PROGRAMME, "--rejects", str(tmp_path / "rejects.csv")]
            done = subprocess.run(command, env=env, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout.splitlines()[-1])

        rejected = {"rejected": 2, "by_reason": {"USCC_INVALID": 1, "DUPLICATE": 1}}
        assert run() == {"rows": 1202, "accepted": 1200, "unchanged": 0, **rejected}
        assert run() == {"rows": 1202, "accepted": 0, "unchanged": 1200, **rejected}
        assert len((tmp_path / "rejects.csv").read_text().splitlines()) == 3
        with deployment.client("operator", subject=OPERATOR.subject) as client:
            figures = client.registry.totals(programme=PROGRAMME, year=2019)["figures"]
        assert figures["enterprises"] == 1200
