"""The commands and the rules that decide them, one module a part of the trade."""
