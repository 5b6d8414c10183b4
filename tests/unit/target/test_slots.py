from __future__ import annotations

import asyncio

import pytest

from target.slots import Shed, Slots


async def hold(slots, begun, go):
    async with slots:
        begun.append(1)
        await go.wait()


async def passes(count=3):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_so_many_work_at_a_time_and_the_next_in_line_follows():
    slots, begun, go = Slots(2), [], asyncio.Event()
    tasks = [asyncio.create_task(hold(slots, begun, go)) for _ in range(5)]
    await passes()
    assert len(begun) == 2
    go.set()
    await asyncio.gather(*tasks)
    assert len(begun) == 5


async def test_who_waits_too_long_is_shed_and_the_slot_goes_to_the_next():
    slots, begun, go = Slots(1, 0.01), [], asyncio.Event()
    holder = asyncio.create_task(hold(slots, begun, go))
    await passes()
    with pytest.raises(Shed):
        await hold(slots, begun, go)
    go.set()
    await holder
    await hold(slots, begun, go)
    assert len(begun) == 2


async def test_who_has_been_given_a_slot_is_not_shed_any_more():
    slots, begun, go = Slots(1, 0.01), [], asyncio.Event()
    go.set()
    async with slots:
        waiting = asyncio.create_task(hold(slots, begun, go))
        await passes()
    deadline = asyncio.get_running_loop().time() + 0.02
    while asyncio.get_running_loop().time() < deadline:
        pass  # the loop is held up past its time, as on a busy machine
    await waiting
    assert begun == [1]


async def test_cancelled_in_line_or_just_when_its_turn_comes_no_slot_is_lost():
    slots, begun, go = Slots(1), [], asyncio.Event()
    go.set()
    async with slots:
        early, late = (asyncio.create_task(hold(slots, begun, go)) for _ in range(2))
        await passes()
        early.cancel()
        await passes()
    late.cancel()  # the slot is its own already, and it does not know yet
    await asyncio.gather(early, late, return_exceptions=True)
    assert begun == []
    await hold(slots, begun, go)
    assert begun == [1]
