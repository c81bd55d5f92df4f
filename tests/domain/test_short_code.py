from hypothesis import given
from hypothesis import strategies as st

from storeapp.domain import crockford
from storeapp.domain.short_code import grouped, read_short_code, short_code, with_code

CODES = st.binary(min_size=8, max_size=8).map(short_code)


@given(CODES)
def test_a_code_is_read_back_however_it_is_typed(code: str) -> None:
    sloppy = grouped(code).lower().replace("0", "o").replace("1", "l")
    assert read_short_code(f" {sloppy} ") == code
    assert read_short_code(code.replace("1", "I")) == code


@given(CODES, st.integers(0, 9), st.sampled_from(crockford.ALPHABET))
def test_every_single_wrong_letter_shows(code: str, place: int, letter: str) -> None:
    typed = code[:place] + letter + code[place + 1 :]
    assert read_short_code(typed) == (code if typed == code else None)


@given(CODES, st.integers(0, 8))
def test_every_swap_of_neighbours_shows(code: str, place: int) -> None:
    typed = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert read_short_code(typed) == (code if typed == code else None)


@given(st.text())
def test_anything_else_is_no_code(typed: str) -> None:
    found = read_short_code(typed)
    assert found is None or len(found) == 10


def test_a_code_never_changes_between_releases() -> None:
    assert short_code(bytes(8)) == "CHE4WX7XQC"


@given(st.integers(0, 2**64 - 1), st.integers(0, 12))
def test_a_number_is_written_letter_by_letter(number: int, length: int) -> None:
    letters = [crockford.ALPHABET[number >> 5 * place & 31] for place in range(length)]
    assert crockford.write(number, length) == "".join(reversed(letters))


@given(st.integers(0, 2**40 - 1))
def test_numbers_are_written_and_read(number: int) -> None:
    assert crockford.number(crockford.write(number, 8)) == number


@given(st.integers(0, 2**64 - 1), st.integers(0, 12))
def test_a_number_is_written_with_its_check_letter_at_once(number: int, length: int) -> None:
    text = crockford.write(number, length)
    assert crockford.write_checked(number, length) == text + crockford.check_letter(text)


@given(st.lists(st.binary(min_size=8, max_size=8), min_size=1, max_size=20, unique=True), st.data())
def test_the_slips_with_a_code_are_found_among_many(names: list[bytes], data: st.DataObject) -> None:
    code = short_code(data.draw(st.sampled_from(names)))
    assert with_code(code, names) == [name for name in names if short_code(name) == code]
