"""Chinese spreadsheets save GB18030, everything else UTF-8; the bytes decide, and damaged text is refused."""

import codecs

from storeapp.adapters.intake.result import FileRefused

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def decode(data: bytes) -> tuple[str, str]:
    """The text and the name of its encoding.

    Raises:
        FileRefused: no encoding fits without loss.
    """
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "")
    try:
        if encoding:
            return data.decode(encoding), encoding
        return _without_mark(data)
    except UnicodeDecodeError:
        raise FileRefused("file_encoding") from None


def _without_mark(data: bytes) -> tuple[str, str]:
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        if _is_damaged_utf8(data):
            raise
        return data.decode("gb18030"), "gb18030"


def _is_damaged_utf8(data: bytes) -> bool:
    """Cut or patched UTF-8 would read as other, wrong characters in GB18030: mostly sound sequences give it away."""
    text = data.decode("utf-8", errors="replace")
    sound = sum(sign >= "ࠀ" and sign != _REPLACEMENT for sign in text)
    return sound > text.count(_REPLACEMENT)
