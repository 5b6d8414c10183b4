"""The target's command line: placeholders filled in, the shell's own left alone."""

from __future__ import annotations

import pytest

from lab.runtimes.processes.command import argv, environment

KNOWN = {"port": 8080, "slots": 4, "safe": True}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("node shop.mjs {port}", ["node", "shop.mjs", "8080"]),
        ("java -Dslots={slots} -Dsafe={safe} 'my shop.jar'", ["java", "-Dslots=4", "-Dsafe=true", "my shop.jar"]),
        ("sh -c 'echo ${HOME} $PORT; shop {port} & wait'", ["sh", "-c", "echo ${HOME} $PORT; shop 8080 & wait"]),
        ("awk '{{print $1}}'", ["awk", "{print $1}"]),
        ("find . -exec x {} ;", ["find", ".", "-exec", "x", "{}", ";"]),
    ],
)
def test_names_are_filled_in_and_the_shells_own_stay(command: str, words: list[str]) -> None:
    assert argv(command, KNOWN) == words


def test_a_name_that_is_not_known_is_told_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"names \{prot\}: expected one of port, safe, slots"):
        argv("shop {prot}", KNOWN)


def test_a_quote_without_its_end_is_told() -> None:
    with pytest.raises(ValueError, match="No closing quotation"):
        argv("sh -c 'shop", KNOWN)


def test_settings_are_variables_with_the_prefix() -> None:
    assert environment(KNOWN, "SHOP_") == {"SHOP_PORT": "8080", "SHOP_SLOTS": "4", "SHOP_SAFE": "true"}
