"""A small world of counters, phones and a hub, in which everything may fail and nothing may be lost."""
