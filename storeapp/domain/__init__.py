"""Pure rules, shared by the counter and the hub: no files, clocks, randomness or network."""
