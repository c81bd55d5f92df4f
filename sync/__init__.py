"""The line to the hub: wire messages, signed requests and the exchange engine."""
