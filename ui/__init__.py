"""The counter's window: the only place that knows Qt."""
