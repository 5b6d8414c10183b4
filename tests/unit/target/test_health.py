from __future__ import annotations

import asyncio

import pytest
from target_wire import ask, coupon, line, order, request, settings_for

from target.health import Health
from target.service import serving

HEALTH, LEDGER = request("GET", "/health"), request("GET", "/ledger")


async def test_health_answers_while_the_service_port_is_full(tmp_path):
    settings = settings_for(tmp_path, max_connections=1)
    async with serving(settings) as service, line(settings.host, service.port) as only:
        assert (await only.ask(order("k"))).status == 200
        async with line(settings.host, service.port) as waiting:
            unanswered = asyncio.create_task(waiting.ask(order("other")))
            health = await ask(settings.host, service.health_port, HEALTH)
            assert (health.status, health.json) == (200, {"status": "ok"})
            assert not unanswered.done()
            only.writer.close()
            assert (await unanswered).status == 200


async def test_health_is_bad_when_the_service_port_has_stopped_accepting(tmp_path):
    settings = settings_for(tmp_path)
    async with serving(settings) as service:
        await service.front.close(0)
        health = await ask(settings.host, service.health_port, HEALTH)
    assert (health.status, health.json) == (503, {"status": "not accepting"})


class GoneStore:
    async def answers(self):
        raise RuntimeError("the database has gone")


async def test_health_is_no_200_when_the_store_does_not_answer():
    app = Health(GoneStore(), lambda: True)
    with pytest.raises(RuntimeError, match="gone"):  # which the protocol answers with 500 and logs
        await app({"path": "/health", "method": "GET"}, None, None)


async def test_the_ledger_is_what_was_stored(tmp_path):
    settings = settings_for(tmp_path, stock=2)
    async with serving(settings) as service:
        for payload in (coupon("a"), coupon("b"), coupon("c"), order("k"), order("k"), order("l")):
            await ask(settings.host, service.port, payload)
        ledger = await ask(settings.host, service.health_port, LEDGER)
    assert ledger.json == {"stored": {"order": ["k", "l"], "coupon": ["a", "b"]}, "limits": {"coupon": 2}}


async def test_the_ledger_survives_a_restart(tmp_path):
    settings = settings_for(tmp_path)
    async with serving(settings) as service:
        await ask(settings.host, service.port, order("before"))
    async with serving(settings) as service:
        await ask(settings.host, service.port, order("after"))
        ledger = await ask(settings.host, service.health_port, LEDGER)
    assert ledger.json["stored"]["order"] == ["before", "after"]


@pytest.mark.parametrize(
    ("payload", "status"), [(order("k"), 404), (request("POST", "/health"), 405), (request("GET", "/"), 404)]
)
async def test_nothing_else_is_on_the_health_port(tmp_path, payload, status):
    settings = settings_for(tmp_path)
    async with serving(settings) as service:
        assert (await ask(settings.host, service.health_port, payload)).status == status
