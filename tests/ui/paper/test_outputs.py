"""What comes out of every output can be read by a scanner and has the right size."""

import re

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter
from PySide6.QtPrintSupport import QPrinter

from storeapp.domain.paper import Media
from storeapp.i18n import LANGUAGES, Translator
from tests.ui.paper import samples
from ui.paper.outputs import page_images, to_image, to_pdf, to_png, to_printer
from ui.paper.papers import badge_paper, run_sheet_paper, slip_paper

ROLL_DOTS = {Media.ROLL_80: 576, Media.ROLL_58: 384}
READ = {zxingcpp.BarcodeFormat.QRCode: samples.LINK, zxingcpp.BarcodeFormat.Code128: "7K2F93QM"}


def codes_in(picture: Image.Image) -> dict[zxingcpp.BarcodeFormat, str]:
    return {found.format: found.text for found in zxingcpp.read_barcodes(picture.convert("L"))}


def slip_picture(tmp_path, media=Media.ROLL_80, language="zh_CN", **changes) -> Image.Image:
    to_png(slip_paper(samples.slip(**changes), Translator(language), media=media), tmp_path / "slip.png")
    return opened(tmp_path / "slip.png")


def opened(path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("L")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("media", ROLL_DOTS)
def test_both_codes_of_a_slip_are_read(tmp_path, media, language):
    picture = slip_picture(tmp_path, media, language)
    assert picture.width == ROLL_DOTS[media]
    assert codes_in(picture) == READ


@pytest.mark.parametrize("media", ROLL_DOTS)
@pytest.mark.parametrize("text", [samples.DIGITS, f"https://counter-hub.brand.test/{samples.DIGITS}"])
def test_digits_alone_and_longer_hosts_are_read(tmp_path, media, text):
    assert codes_in(slip_picture(tmp_path, media, qr_text=text))[zxingcpp.BarcodeFormat.QRCode] == text


@pytest.mark.parametrize("angle", [0, 4, 90])
@pytest.mark.parametrize("media", ROLL_DOTS)
def test_a_small_soft_crooked_photo_of_a_slip_is_read(tmp_path, media, angle):
    picture = slip_picture(tmp_path, media)
    photo = picture.resize((picture.width * 7 // 10, picture.height * 7 // 10), Image.Resampling.BILINEAR)
    photo = photo.rotate(angle, expand=True, fillcolor=255).filter(ImageFilter.GaussianBlur(0.8))
    assert codes_in(photo)[zxingcpp.BarcodeFormat.QRCode] == samples.LINK


def test_a_slip_is_black_and_white_only(tmp_path):
    tones = {tone for _, tone in slip_picture(tmp_path).getcolors()}
    assert tones == {0, 255}


def test_the_same_slip_gives_the_same_png(tmp_path):
    slip_picture(tmp_path)
    first = (tmp_path / "slip.png").read_bytes()
    slip_picture(tmp_path)
    assert (tmp_path / "slip.png").read_bytes() == first


@pytest.mark.parametrize("media", ROLL_DOTS)
def test_a_slip_pdf_has_the_rolls_width_and_the_contents_length(tmp_path, media):
    paper = slip_paper(samples.slip(), Translator("zh_CN"), media=media)
    to_pdf(paper, tmp_path / "slip.pdf")
    width, height = page_size_mm(tmp_path / "slip.pdf")
    assert width == pytest.approx(paper.geometry.width_mm, abs=0.4)
    assert height == pytest.approx(to_image(paper).height() / 8 + 2, abs=2.5)


@pytest.mark.parametrize("media", ROLL_DOTS)
def test_a_slip_pdf_shows_the_same_codes_and_words(tmp_path, media):
    to_pdf(slip_paper(samples.slip(), Translator("zh_CN"), media=media), tmp_path / "slip.pdf")
    with pypdfium2.PdfDocument(tmp_path / "slip.pdf") as document:
        page = document[0]
        assert codes_in(page.render(scale=203 / 72).to_pil()) == READ
        assert "赵艳芳" in page.get_textpage().get_text_range()


def test_a_pdf_carries_subset_fonts_and_keeps_its_size(tmp_path):
    sizes = set()
    for _ in range(2):
        to_pdf(slip_paper(samples.slip(), Translator("zh_CN")), tmp_path / "slip.pdf")
        sizes.add((tmp_path / "slip.pdf").stat().st_size)
    assert len(sizes) == 1
    assert sizes.pop() < 120_000
    assert b"/FontFile2" in (tmp_path / "slip.pdf").read_bytes()


def test_a_run_sheet_is_pages_of_a4(tmp_path):
    paper = run_sheet_paper(samples.run_sheet(20), Translator("zh_CN"))
    to_pdf(paper, tmp_path / "run.pdf")
    assert page_size_mm(tmp_path / "run.pdf") == pytest.approx((210, 297), abs=0.4)
    with pypdfium2.PdfDocument(tmp_path / "run.pdf") as document:
        assert len(document) == len(page_images(paper)) > 1


@pytest.mark.parametrize("media", [Media.CARD, Media.A6, Media.ROLL_80, Media.ROLL_58])
def test_a_badge_is_read_from_every_media(tmp_path, media):
    to_png(badge_paper(samples.badge(), Translator("zh_CN"), media=media), tmp_path / "badge.png")
    read = codes_in(opened(tmp_path / "badge.png"))
    assert read == {zxingcpp.BarcodeFormat.QRCode: samples.LINK, zxingcpp.BarcodeFormat.Code128: "B4XK2P7D"}


def test_a_badge_card_has_the_size_of_a_card(tmp_path):
    to_pdf(badge_paper(samples.badge(), Translator("en")), tmp_path / "badge.pdf")
    assert page_size_mm(tmp_path / "badge.pdf") == pytest.approx((86, 54), abs=0.4)


@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_a_printer_gets_the_same_slip_in_its_own_dots(tmp_path, dpi):
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setResolution(dpi)
    printer.setOutputFileName(str(tmp_path / "printed.pdf"))
    to_printer(slip_paper(samples.slip(), Translator("zh_CN")), printer)
    with pypdfium2.PdfDocument(tmp_path / "printed.pdf") as document:
        assert len(document) == 1
        assert codes_in(document[0].render(scale=dpi / 72).to_pil()) == READ


def page_size_mm(path) -> tuple[float, float]:
    box = re.search(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", path.read_bytes())
    assert box is not None
    return float(box[1]) / 72 * 25.4, float(box[2]) / 72 * 25.4
