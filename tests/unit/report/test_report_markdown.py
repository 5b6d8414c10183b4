"""The report for a CI step's summary."""

from __future__ import annotations

from lab.judge.judge import judge
from lab.judge.verdict import Ruling
from lab.report.markdown import escaped, markdown
from tests.histories import crash
from tests.unit.report.verdicts import accept_queue, of_drill, of_stage


def test_it_begins_and_ends_with_the_ruling() -> None:
    lines = markdown(accept_queue(), judge(accept_queue())).splitlines()
    assert lines[0] == "## PASS literal"
    assert lines[-1] == "**PASS** 1 stage, every budget and threshold kept"


def test_the_figures_of_every_stage_are_in_one_table() -> None:
    text = markdown(accept_queue(), judge(accept_queue()))
    assert "| stage | verdict | detect | recover | detect→recover | act→ready | bad-seconds |\n|---|" in text
    assert "| wire | PASS | 500 ms | 1.1 s | 600 ms | 348 ms | 0.55 |" in text


def test_the_story_is_a_table_of_the_same_facts_as_on_a_terminal() -> None:
    text = markdown(accept_queue(), judge(accept_queue()))
    assert "| +0.850 | ready | act→ready 348 ms · pid 12→31, backlog 1024 |" in text


def test_nothing_in_it_is_taken_for_markup() -> None:
    assert escaped("reset_peer <b> | `x` [a](b) _y_ *z*") == r"reset_peer \<b\> \| \`x\` \[a\](b) \_y\_ \*z\*"


def test_a_log_is_quoted_as_code_and_cannot_break_out() -> None:
    verdict = of_drill(Ruling.UNKNOWN, of_stage("wire", Ruling.UNKNOWN, "it ended; its log:\n```\n<script>", "and late"))
    text = markdown(crash(), verdict)
    assert "- it ended; its log:\n\n      ```\n      <script>\n\n- and late\n" in text
