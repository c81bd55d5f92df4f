"""Makes the small pictures of the documents from the screens, so that they can be made again after a change.

Run as ``python -m devtools.pictures`` after ``python -m devtools.screenshots``.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from devtools.screenshots import OUT as SCREENS
from storeapp.i18n import LANGUAGES

PICTURES = Path("docs/pictures")
CHOSEN: Mapping[str, str] = {
    "board": "board-proposal",
    "orders": "orders",
    "handoff": "handoff-hold",
    "stock": "stock-count",
    "attention": "attention",
    "report": "report",
}
"""A picture of the documents by name, and the state of a page that it shows."""
COLOURS = 256


def picture_name(name: str, language: str) -> str:
    """What a picture is called: its page and the language's first part."""
    return f"{name}.{language.partition('_')[0]}.png"


def make_pictures(screens: Path, out: Path) -> list[Path]:
    """Reduce the chosen screens to few colours, which makes them a third of their size."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for language in LANGUAGES:
        for name, state in CHOSEN.items():
            path = out / picture_name(name, language)
            with Image.open(screens / f"{state}-{language}-light.png") as screen:
                few = screen.convert("RGB").quantize(
                    COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE
                )
            few.save(path, optimize=True)
            made.append(path)
    return made


def main(argv: Sequence[str]) -> int:
    """Make the pictures and name them."""
    parser = argparse.ArgumentParser(prog="devtools.pictures", description=__doc__)
    parser.add_argument("--screens", type=Path, default=SCREENS)
    parser.add_argument("--out", type=Path, default=PICTURES)
    known = parser.parse_args(argv)
    for path in make_pictures(known.screens, known.out):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
