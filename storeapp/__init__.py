"""The counter without a screen: everything a store's PC does, with no Qt and no HTTP."""

__version__ = "0.1.0"
