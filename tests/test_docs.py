"""What the documents name is there: files, headings, pages, commands, findings, verdicts."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from storeapp.cli.main import AREAS
from storeapp.cli.parser import Commands
from storeapp.domain.verdict import Verdict
from storeapp.i18n import Translator

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
GUIDES = {"zh_CN": ROOT / "docs/user-guide.zh.md", "en": ROOT / "docs/user-guide.en.md"}
IT_GUIDE = ROOT / "docs/it-guide.md"
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:`|^|\| |; )storeapp (?:--home \S+ )?([a-z][a-z-]+)([^`|#\n]*)", re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LARGEST_PICTURE, ALL_PICTURES = 300_000, 2_500_000


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def headings(path):
    """The anchors that a forge makes of a document's headings."""
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(path):
    for link in LINK.findall(path.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = (path.parent / file) if file else path
        assert target.exists(), link
        assert not anchor or anchor in headings(target), link


def test_the_index_names_every_document():
    index = (ROOT / "docs/README.md").read_text("utf-8")
    for path in (ROOT / "docs").rglob("*.md"):
        name = path.relative_to(ROOT / "docs").as_posix()
        assert name == "README.md" or f"({name})" in index, name


def test_both_user_guides_have_the_same_parts():
    marks = [re.findall(r"^(#+) |^(\|)|^!\[", path.read_text("utf-8"), re.MULTILINE) for path in GUIDES.values()]
    assert marks[0] == marks[1]


@pytest.mark.parametrize("language", GUIDES)
def test_the_user_guide_names_every_page(language):
    guide, words = GUIDES[language].read_text("utf-8"), Translator(language)
    codes = json.loads((ROOT / f"resources/translations/{language}/app.json").read_text("utf-8"))
    assert codes
    for page in pages():
        assert words.text(f"page.{page}") in guide, page


def pages():
    """The ids of the window's pages, found by their words, so that nothing here needs Qt."""
    names = [path.read_text("utf-8") for path in (ROOT / "resources/translations/en").glob("*.json")]
    return sorted({found for text in names for found in re.findall(r'"page\.(\w+)":', text)})


@pytest.mark.parametrize("language", GUIDES)
def test_the_user_guide_explains_every_verdict(language):
    guide, words = GUIDES[language].read_text("utf-8"), Translator(language)
    for verdict in Verdict:
        assert f"| {words.text(f'verdict.{verdict}.title')} |" in guide, verdict


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_commands_and_their_options_exist(path, capsys):
    commands = Commands(Translator("en"))
    for area in AREAS:
        area.register(commands)
    for command, rest in COMMAND.findall(path.read_text("utf-8")):
        assert command in commands.names, command
        with pytest.raises(SystemExit):
            commands.parse([command, "--help"])
        known = capsys.readouterr().out
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in known, f"{command} {option}"


def test_the_it_guide_explains_every_finding_of_the_doctor():
    guide = IT_GUIDE.read_text("utf-8")
    for code in json.loads((ROOT / "resources/translations/en/doctor.json").read_text("utf-8")):
        area, _, name = code.partition(".")
        assert area != "doctor" or f"`{name}`" in guide, name


def test_pictures_stay_small():
    sizes = [path.stat().st_size for path in (ROOT / "docs/pictures").iterdir()]
    assert max(sizes) < LARGEST_PICTURE
    assert sum(sizes) < ALL_PICTURES
