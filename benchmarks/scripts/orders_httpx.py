"""httpx as people use it under load: one client per user, its cheap construction, statuses checked.

python benchmarks/scripts/orders_httpx.py URL VUS SECONDS BODY
"""

import asyncio
import json
import sys
import time

import httpx


async def user(url: str, body: bytes, until_s: float) -> tuple[int, int]:
    """(requests, those of them that were not as expected)."""
    count = failed = 0
    headers = {"Content-Type": "application/json"}
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        while time.monotonic() < until_s:
            answer = await client.post(url, content=body, headers=headers)
            count += 1
            failed += answer.status_code not in (200, 400)
    return count, failed


async def main(url: str, vus: int, seconds: float, body: bytes) -> None:
    until_s = time.monotonic() + seconds
    counts = await asyncio.gather(*(user(url, body, until_s) for _ in range(vus)))
    print(json.dumps({"requests": sum(count for count, _ in counts), "failed": sum(failed for _, failed in counts)}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4].encode()))
