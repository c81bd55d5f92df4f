"""The counter's disk: the precious journal, the rebuildable cache and the keys, in SQLite."""
