"""Use-cases of the counter: one function, one journal transaction."""
