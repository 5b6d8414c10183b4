from __future__ import annotations

import pytest

from target.settings import Settings, SettingsError, read_settings


def test_without_environment_everything_has_its_default():
    assert read_settings({"PATH": "/bin"}) == Settings()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("host", "::1", "::1"),
        ("port", "0", 0),
        ("health_port", "9000", 9000),
        ("listen_fd", "3", 3),
        ("backlog", "16", 16),
        ("max_connections", "50", 50),
        ("full", "close", "close"),
        ("header_timeout", "0", 0.0),
        ("header_timeout", "2.5", 2.5),
        ("keep_alive", "5", 5.0),
        ("connection_age", "1.5", 1.5),
        ("slots", "24", 24),
        ("shed_after", "0.5", 0.5),
        ("work_ms", "0", 0.0),
        ("defer_accept", "True", True),
        ("defer_accept", "false", False),
        ("stock", "0", 0),
        ("database_url", "postgresql+psycopg://localhost/shop", "postgresql+psycopg://localhost/shop"),
    ],
)
def test_each_setting_is_read_from_its_variable(name, text, value):
    assert getattr(read_settings({f"TARGET_{name.upper()}": text}), name) == value


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("PORT", "65536", "expected a whole number from 0 to 65535"),
        ("BACKLOG", "0", "expected a whole number from 1 to 1000000"),
        ("SLOTS", "-1", "expected a whole number"),
        ("STOCK", "many", "expected a whole number"),
        ("FULL", "drop", "expected wait or close"),
        ("HEADER_TIMEOUT", "20s", "expected seconds as a number, 0 or more"),
        ("HEADER_TIMEOUT", "nan", "expected seconds as a number"),
        ("KEEP_ALIVE", "0", "expected seconds as a number, 0.001 or more"),
        ("CONNECTION_AGE", "-1", "expected seconds as a number, 0 or more"),
        ("SHED_AFTER", "soon", "expected seconds as a number, 0 or more"),
        ("WORK_MS", "inf", "expected milliseconds as a number"),
        ("DEFER_ACCEPT", "yes", "expected true or false"),
        ("HOST", "", "expected some text"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(name, text, expected):
    with pytest.raises(SettingsError) as wrong:
        read_settings({f"TARGET_{name}": text})
    assert str(wrong.value).startswith(f"TARGET_{name}={text!r}: {expected}")


def test_all_wrong_values_are_told_at_once_on_one_line():
    with pytest.raises(SettingsError) as wrong:
        read_settings({"TARGET_PORT": "x", "TARGET_FULL": "y\n", "TARGET_SLOTS": "24"})
    assert str(wrong.value).count("expected") == 2
    assert "\n" not in str(wrong.value)


def test_the_health_port_is_beside_the_service_port_unless_it_is_set():
    assert Settings().health_port_beside(8080) == 8081
    assert Settings(health_port=9).health_port_beside(8080) == 9
