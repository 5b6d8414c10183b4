"""The one request as a scenario in Python, its status checked: what Locust's user does."""

from lab.load.session import Session

BODY = {"item": 1, "key": "0" * 40}


async def iteration(s: Session) -> None:
    answer = await s.post("/orders", json=BODY)
    s.check("expected", answer.status in (200, 400))
