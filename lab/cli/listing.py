"""``lab list``: what there is to run."""

from __future__ import annotations

PLAN = "The documented plan whole: peak, load, endurance, stress."


def listing() -> None:
    from lab import catalogue

    print("drills")
    for name, source in catalogue.drills().items():
        print(f"  {name:<14} {about(source.text)}")
    print("loads")
    for name, source in catalogue.loads().items():
        print(f"  {name:<14} {about(source.text)}")
    print(f"  {'plan':<14} {PLAN}")
    print("faults")
    for name, fault in catalogue.faults().items():
        print(f"  {name:<14} {fault.help}")  # type: ignore[attr-defined]  # the catalogue takes only classes that have it
    if runbooks := catalogue.runbooks():
        print("runbooks")
        for name, source in runbooks.items():
            print(f"  {name:<14} {about(source.text)}")
    print("targets")
    for name in catalogue.targets():
        print(f"  {name}")


def about(text: str) -> str:
    """The one line of a drill file that says what it is for, without reading the rest."""
    line = next((line for line in text.splitlines() if line.startswith("about:")), "")
    return line.removeprefix("about:").strip().strip('"')
