"""How much one file may hold, so that a hostile or mistaken file ends in a message and never in a full memory."""

FILE_BYTES = 32 * 1024 * 1024
"""Largest file that is read: more than 10,000 orders in the wordiest format, pretty-printed JSON."""
UNPACKED_BYTES = 64 * 1024 * 1024
"""Largest sum of the parts of a workbook once unpacked."""
WORKBOOK_PARTS = 500
ROWS = 100_000
COLUMNS = 200
CELL_CHARS = 8_000
LINES_OF_ORDER = 200
"""Most articles of one order."""
QUANTITY = 9_999
"""Most pieces of one article in one order."""
AMOUNT_FEN = 10_000_000_000
NAME_CHARS = 100
ADDRESS_CHARS = 400
NOTE_CHARS = 2_000
TITLE_CHARS = 300
CODE_CHARS = 64
"""Longest order number or article code."""
REREAD_RECORDS = 200
"""How often a table is read again from the line after an unclosed quote."""
