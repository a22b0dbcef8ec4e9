"""Scores speech by P.862 narrow band: a test tool only, never part of the product.

Reads lines of two paths, the original and what was heard (raw 16-bit samples, 8 kHz), and prints a
score for each.
"""

import sys

import numpy
from pesq import pesq


def samples(path: str) -> numpy.ndarray:
    return numpy.fromfile(path, dtype="<i2")


for line in sys.stdin:
    original, heard = (samples(path) for path in line.rstrip("\n").split("\t"))
    length = min(len(original), len(heard))
    print(pesq(8000, original[:length], heard[:length], "nb"), flush=True)
