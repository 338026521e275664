"""What a caller sends and gets over the broker: nameko's wire format, coded answers, and nothing lost at the edge."""

from __future__ import annotations


def test_any_amqp_client_gets_its_answer_and_a_repeat_the_same(each_world):
    """Lost otherwise: platforms in Java or PHP cannot call us."""
    each_world.serve()
    client = each_world.client()
    first = client.result("toy.deposit", key="k1", account_id="a", amount_fen=5)
    assert first["ok"], first
    assert first["result"] == {"account_id": "a", "amount_fen": 5}
    assert client.result("toy.deposit", key="k1", account_id="a", amount_fen=5) == first
    assert each_world.effects() == ["deposit:k1"]
    assert client.result("toy.balance", subject="a")["result"]["amount_fen"] == 5
    assert client.result("toy.apply", key="k2", account_id="a", amount_fen=1)["ok"]
    (one, two) = client.result("toy.explain", token=each_world.token("auditor"), subject="a")["result"]["decisions"]
    assert (one["action"], two["outcome"]) == ("deposit", "ok")
