"""The outside world behind small interfaces: files of shop platforms, keys, clocks, QR codes, planners."""
