"""The OpenAPI document of the service and a page that lists it; nothing is fetched from elsewhere."""

from __future__ import annotations

import html
from typing import Any

from target.asgi import Reply, json_reply


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
_COUNT = {"type": "integer", "minimum": 1, "maximum": 1_000_000}
_REFUSED = _json(_object(error={"type": "string"}))
_SHED = {
    "description": "busy: no slot was free within shed_after; nothing was done, ask again after Retry-After",
    "headers": {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}},
    "content": _REFUSED,
}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "coupon-order", "version": "1", "description": "A coupon issue with a limited stock, and orders."},
    "paths": {
        "/coupons/{event}/issue": {
            "post": {
                "summary": "Issue one coupon to a user, first come first served",
                "parameters": [{"name": "event", "in": "path", "required": True, "schema": _TEXT}],
                "requestBody": {"required": True, "content": _json(_object(user=_TEXT))},
                "responses": {
                    "200": {"description": "Issued", "content": _json(_object(event=_TEXT, user=_TEXT))},
                    "400": {"description": "sold_out, already_issued, bad_user or bad_body", "content": _REFUSED},
                    "404": {"description": "unknown_event", "content": _REFUSED},
                    "503": _SHED,
                },
            }
        },
        "/orders": {
            "post": {
                "summary": "Place one order per idempotency key; the same key again returns the same order",
                "parameters": [{"name": "Idempotency-Key", "in": "header", "required": True, "schema": _TEXT}],
                "requestBody": {"required": True, "content": _json(_object(item=_COUNT, quantity=_COUNT))},
                "responses": {
                    "200": {"description": "Stored", "content": _json(_object(order=_COUNT, item=_COUNT, quantity=_COUNT))},
                    "400": {
                        "description": "key_used_for_another_order, bad_idempotency_key, bad_item, bad_quantity or bad_body",
                        "content": _REFUSED,
                    },
                    "503": _SHED,
                },
            }
        },
    },
}


def _page() -> str:
    rows = [
        f"<h2><code>{method.upper()} {html.escape(path)}</code></h2>{_described(operation)}"
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]
    title = html.escape(DOCUMENT["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
        f'<p>{html.escape(DOCUMENT["info"]["description"])} <a href="/openapi.json">openapi.json</a></p>{"".join(rows)}</html>'
    )


def _described(operation: dict[str, Any]) -> str:
    answers = operation["responses"].items()
    items = "".join(f"<li><code>{status}</code> {html.escape(answer['description'])}</li>" for status, answer in answers)
    return f"<p>{html.escape(operation['summary'])}</p><ul>{items}</ul>"


OPENAPI = json_reply(200, DOCUMENT)
DOCS = Reply(200, _page().encode(), b"text/html; charset=utf-8")
