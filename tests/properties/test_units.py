"""Units: what a person writes is read exactly, what is written back is read as the same number, nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.drill import units
from lab.drill.units import Amount, Limit

seconds = st.floats(min_value=0, max_value=1e9)
UNIT_NAMES = st.sampled_from(["ms", "s", "m", "h"])


@given(seconds)
def test_a_duration_written_back_is_read_as_the_same_float(value: float) -> None:
    assert units.parse_duration(units.format_duration(value)) == value


@given(seconds | st.just(units.UNTIL_RECOVERED))
def test_lasts_written_back_is_read_as_the_same_float(value: float) -> None:
    assert units.parse_lasts(units.format_lasts(value)) == value


@given(st.floats(min_value=1e-9, max_value=1e12))
def test_a_rate_written_back_is_read_as_the_same_float(value: float) -> None:
    assert units.parse_rate(units.format_rate(value)) == value


@given(st.floats(min_value=0, max_value=1))
def test_a_share_written_back_is_read_as_the_same_float(value: float) -> None:
    assert units.parse_share(units.format_share(value)) == value


@given(st.floats(min_value=0, max_value=1, exclude_min=True))
def test_a_percentile_written_back_is_read_as_the_same_float(value: float) -> None:
    assert units.parse_percentile(units.format_percentile(value)) == value


numbers = st.builds(Amount, st.integers(0, 10**9), st.just(False))
shares = st.builds(Amount, st.floats(min_value=0, max_value=1), st.just(True))


@given(numbers | shares)
def test_an_amount_written_back_is_read_as_the_same_amount(amount: Amount) -> None:
    assert units.parse_amount(units.format_amount(amount)) == amount


@given(st.integers(1, 10**9), seconds)
def test_a_limit_written_back_is_read_as_the_same_limit(times: int, per_s: float) -> None:
    assert units.parse_limit(units.format_limit(Limit(times, per_s))) == Limit(times, per_s)


@given(st.integers(0, 10**5), UNIT_NAMES)
def test_a_duration_with_a_space_a_sign_or_a_longer_unit_is_an_error(number: int, unit: str) -> None:
    for text in (
        f"{number} {unit}",
        f"-{number}{unit}",
        f"+{number}{unit}",
        f"{number}{unit}ec",
        f" {number}{unit}",
        f"{number}",
    ):
        with pytest.raises(ValueError, match="expected"):
            units.parse_duration(text)


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.lists(st.integers()))
def test_what_is_not_text_is_never_a_quantity(value: object) -> None:
    for parse in (units.parse_duration, units.parse_lasts, units.parse_rate, units.parse_share, units.parse_limit):
        with pytest.raises(ValueError, match="expected"):
            parse(value)


@pytest.mark.parametrize(
    ("text", "value"), [("250ms", 0.25), ("3s", 3.0), ("1.5s", 1.5), ("2m", 120.0), ("1h", 3600.0), ("0s", 0.0), ("100ms", 0.1)]
)
def test_a_duration_is_read_in_seconds(text: str, value: float) -> None:
    assert units.parse_duration(text) == value


@pytest.mark.parametrize("text", ["3 s", "3sec", "-1s", "3", "s", "1e3s", "1,5s", "٣s", "9" * 400 + "s", "3s\n", ""])
def test_a_wrong_duration_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        units.parse_duration(text)


@pytest.mark.parametrize("text", ["100", "0/s", "100/ms", "100 /s", "-1/s"])
def test_a_wrong_rate_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        units.parse_rate(text)


@pytest.mark.parametrize("text", ["20", "0.2", "101%", "-1%", "20 %"])
def test_a_wrong_share_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        units.parse_share(text)


@pytest.mark.parametrize("text", ["3", "0/60s", "3/60", "3 / 60s"])
def test_a_wrong_limit_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        units.parse_limit(text)
