"""The doors to the window: first start, unlocking, signing in, and what to read when the files are in trouble."""
