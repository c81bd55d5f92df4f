"""The central HTTP API: the same deciders as the counter, with authority."""
