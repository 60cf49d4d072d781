"""Measurements of ours beside floors in the same run: `make bench`. Run on demand, never asserted.

What a machine does in a second is not ours to promise, so every target is a ratio to a floor that
is measured in turns with us, or to the disk's own pace.
"""
