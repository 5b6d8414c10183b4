"""Numbers as a person reads them."""

from __future__ import annotations

import pytest

from lab.report.quantities import change, count, duration, offset, printable, several, share


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.0004, "0.4 ms"),
        (0.0104, "10 ms"),
        (0.00996, "10 ms"),
        (0.561, "561 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1 s"),
        (3.0012, "3 s"),
        (2.454, "2.45 s"),
        (135.0, "135 s"),
        (-0.25, "−250 ms"),
        (-2.5, "−2.5 s"),
    ],
)
def test_a_duration_has_as_many_digits_as_mean_something(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0 %"), (0.001, "< 1 %"), (0.81, "81 %"), (0.999, "> 99 %"), (1.0, "100 %"), (1.5, "150 %")]
)
def test_a_share_is_never_rounded_to_nothing_or_to_all(value: float, text: str) -> None:
    assert share(value) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.0, "0.000"), (0.5614, "+0.561"), (-0.01, "−0.010"), (-0.0001, "0.000")])
def test_an_offset_says_which_side_of_the_injection_it_is_on(seconds: float, text: str) -> None:
    assert offset(seconds) == text


def test_thousands_are_separated_and_plurals_agree() -> None:
    assert (count(9412), several(1, "request"), several(1204, "request")) == ("9,412", "1 request", "1,204 requests")


def test_a_change_carries_its_sign() -> None:
    assert (change(0.12), change(-0.12), change(0.0)) == ("+120 ms", "−120 ms", "0 ms")


def test_text_of_others_cannot_drive_the_terminal() -> None:
    assert printable("\x1b[2Jgone\x07") == "�[2Jgone�"
