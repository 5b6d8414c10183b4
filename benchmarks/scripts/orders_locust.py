"""Locust: the one request, its status checked. Runs in a virtual environment of its own."""

import os

from locust import FastHttpUser, constant, task  # type: ignore[import-not-found]

BODY = os.environ["BODY"].encode()
PATH = os.environ["ORDERS_PATH"]
HEADERS = {"Content-Type": "application/json"}


class Buyer(FastHttpUser):  # type: ignore[misc]
    wait_time = constant(0)

    @task  # type: ignore[untyped-decorator]
    def order(self) -> None:
        with self.client.post(PATH, data=BODY, headers=HEADERS, catch_response=True) as answer:
            if answer.status_code in (200, 400):
                answer.success()
            else:
                answer.failure(f"status {answer.status_code}")
