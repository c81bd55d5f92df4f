"""Code 128 (ISO/IEC 15417) of short codes, so that counters with a one-dimensional scanner can read papers too."""

START_B, START_C, STOP = 104, 105, 106
SWITCH_TO_C, SWITCH_TO_B = 99, 100
QUIET_MODULES = 10
"""Blank modules that the standard asks for on either side."""

# Six widths each for the values 0 to 105: bar, space, bar, space, bar, space.
_WIDTHS = (
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221"
    "223211221132221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321"
    "112313132113132311211313231113231311112133112331132131113123113321133121313121211331231131213113213311213131"
    "311123311321331121312113312311332111314111221411431111111224111422121124121421141122141221112214112412122114"
    "122411142112142211241211221114413111241112134111111242121142121241114212124112124211411212421112421211212141"
    "214121412121111143111341131141114113114311411113411311113141114131311141411131211412211214211232"
)
_STOP_WIDTHS = "2331112"

_Values = tuple[int, ...]


def symbol_values(text: str) -> _Values:
    """Start, data, check and stop values, switching between sets B and C so that the symbol is shortest.

    Raises:
        ValueError: the text is empty or has a character outside printable ASCII.
    """
    if not text or not all(" " <= character <= "~" for character in text):
        raise ValueError("Code 128 set B takes printable ASCII only")
    data = _shortest(text)
    check = (data[0] + sum(place * value for place, value in enumerate(data))) % 103
    return (*data, check, STOP)


def module_widths(text: str) -> tuple[int, ...]:
    """Widths in modules, bar and space in turn, beginning and ending with a bar; quiet zones are not included.

    Raises:
        ValueError: the text is empty or has a character outside printable ASCII.
    """
    *shown, _ = symbol_values(text)
    return tuple(int(width) for width in "".join(_WIDTHS[6 * value : 6 * value + 6] for value in shown) + _STOP_WIDTHS)


def _shortest(text: str) -> _Values:
    """Start value and data by dynamic programming from the end: the best rest of the text in either set."""
    in_b: list[_Values] = [()] * (len(text) + 2)
    in_c: list[_Values] = [()] * (len(text) + 2)
    for place in reversed(range(len(text))):
        letter = (ord(text[place]) - 32, *in_b[place + 1])
        if text[place : place + 2].isdigit() and place + 2 <= len(text):
            pair = (int(text[place : place + 2]), *in_c[place + 2])
            in_b[place] = min(letter, (SWITCH_TO_C, *pair), key=len)
            in_c[place] = min(pair, (SWITCH_TO_B, *letter), key=len)
        else:
            in_b[place], in_c[place] = letter, (SWITCH_TO_B, *letter)
    return min((START_B, *in_b[0]), (START_C, *in_c[0]), key=len)
