"""Reproducible measurements: ``python dev.py bench [NAME…] [--json]``; a module here offers ``run() -> Report``."""
