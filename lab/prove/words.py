"""The words of an incident document, by language: one table, so that a document reads the same in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "ko"]
SectionName = Literal["summary", "times", "services", "parties", "cause", "timeline", "resolution", "prevention"]
Mark = Literal["start", "alarm", "passed on", "action", "recovered", "end"]
"""What a row of the timeline stands for; in the order in which they happen."""


@dataclass(frozen=True)
class Words:
    headings: Mapping[SectionName, str]
    detected: str
    ended: str
    marks: Mapping[Mark, str]


WORDS: Mapping[Language, Words] = {
    "en": Words(
        headings={
            "summary": "Summary",
            "times": "Detection and end time",
            "services": "Affected services",
            "parties": "Affected parties",
            "cause": "Cause",
            "timeline": "Timeline",
            "resolution": "Resolution",
            "prevention": "Prevention",
        },
        detected="Detected",
        ended="Ended",
        marks={
            "start": "start",
            "alarm": "alarm",
            "passed on": "passed on",
            "action": "action",
            "recovered": "recovered",
            "end": "end",
        },
    ),
    "ko": Words(
        headings={
            "summary": "요약",
            "times": "탐지 및 종료 시각",
            "services": "영향받은 서비스",
            "parties": "영향받은 대상",
            "cause": "원인",
            "timeline": "타임라인",
            "resolution": "조치",
            "prevention": "재발 방지",
        },
        detected="탐지",
        ended="종료",
        marks={"start": "시작", "alarm": "경보", "passed on": "전달", "action": "조치", "recovered": "복구", "end": "종료"},
    ),
}
