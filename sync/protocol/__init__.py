"""What counters and the hub say to each other: messages, paths, problems and request signatures.

Nothing here opens a connection; the hub imports this package and no other part of ``sync``.
"""
