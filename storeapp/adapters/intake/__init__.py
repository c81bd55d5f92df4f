"""Order files of shop platforms become incoming orders; reading is pure, knows no database and never guesses.

Recognised by content: WeChat Shop order JSON, WooCommerce REST v3 JSON, the Shopify order export, and the plain
table as CSV or XLSX. Text may be UTF-8 with or without a mark, GB18030, or UTF-16 with a mark; files hold at most
32 MB and 100,000 rows.
"""

from storeapp.adapters.intake.reading import read_bytes, read_file
from storeapp.adapters.intake.result import FileFormat, Intake

__all__ = ["FileFormat", "Intake", "read_bytes", "read_file"]
