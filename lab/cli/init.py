"""``lab init``: a starting set of drills in a team's own repository."""

from __future__ import annotations

from pathlib import Path


def init() -> None:
    from lab import catalogue

    folder = Path("drills")
    folder.mkdir(exist_ok=True)
    for name, source in catalogue.drills().items():
        path = folder / f"{name}.yaml"
        if path.exists():
            print(f"kept     {path}")
        else:
            path.write_text(source.text, encoding="utf-8")
            print(f"written  {path}")
    print("A drill here hides the built-in one of its name. Next: lab drill")
