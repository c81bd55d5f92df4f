"""The command line: every use-case of the counter for scripts, with stable codes in JSON and words for people."""
