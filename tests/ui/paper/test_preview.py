"""The preview shows the printed dots."""

from storeapp.i18n import Translator
from tests.ui.paper import samples
from ui.paper.papers import slip_paper
from ui.paper.preview import MARGIN_PX, PaperPreview


def test_the_preview_keeps_the_papers_proportions(qtbot):
    preview = PaperPreview()
    qtbot.addWidget(preview)
    preview.show_paper(slip_paper(samples.slip(), Translator("zh_CN")))
    hint = preview.sizeHint()
    assert hint.width() == 288 + 2 * MARGIN_PX
    assert preview.heightForWidth(576 + 2 * MARGIN_PX) > 2 * (hint.height() - 3 * MARGIN_PX)


def test_the_preview_paints_paper_on_its_ground(qtbot):
    preview = PaperPreview()
    qtbot.addWidget(preview)
    preview.show_paper(slip_paper(samples.slip(), Translator("zh_CN")))
    preview.resize(preview.sizeHint())
    picture = preview.grab().toImage()
    assert picture.pixelColor(MARGIN_PX + 1, MARGIN_PX + 1).lightness() == 255
    assert picture.pixelColor(2, 2).lightness() < 255


def test_without_a_paper_only_the_ground_is_shown(qtbot):
    preview = PaperPreview()
    qtbot.addWidget(preview)
    preview.show_paper(None)
    assert preview.heightForWidth(300) == 2 * MARGIN_PX
    assert not preview.grab().isNull()
