"""Writes mel.json: Whisper's log-mel picture by numpy, the formula of faster-whisper's extractor.

Run: python3 mel.py > mel.json (needs numpy). The test in src/mel.rs compares with it.
"""
import json
import math

import numpy as np


def sound(length):
    state, out = 12345, []
    for n in range(length):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        noise = (state >> 8) / (1 << 24) - 0.5
        t = n / 16000
        voice = math.sin(2 * math.pi * (200 * t + 900 * t * t)) * 0.3
        voice += math.sin(2 * math.pi * (3000 * t + 1500 * t * t)) * 0.05
        out.append(0.0 if 6000 <= n < 9000 else voice + 0.01 * noise)
    return np.array(out, np.float32)


def filters(rate=16000, n_fft=400, bands=80):
    mels = np.linspace(0, 45.245640471924965, bands + 2)
    hz = 200 / 3 * mels
    above = mels >= 15
    hz[above] = 1000 * np.exp(np.log(6.4) / 27 * (mels[above] - 15))
    ramps = hz[:, None] - np.fft.rfftfreq(n_fft, 1 / rate)[None]
    width = np.diff(hz)
    weights = np.maximum(0, np.minimum(-ramps[:-2] / width[:-1, None], ramps[2:] / width[1:, None]))
    return weights * (2 / (hz[2:] - hz[:-2]))[:, None]


def picture(samples):
    x = np.pad(samples.astype("f8"), 200, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(x, 400)[::160]
    power = np.abs(np.fft.rfft(frames * np.hanning(401)[:-1])) ** 2
    log = np.log10(np.maximum(filters() @ power[:-1].T, 1e-10))
    return (np.maximum(log, log.max() - 8) + 4) / 4


LENGTH, FRAMES = 15000, 120
p = picture(np.concatenate([sound(LENGTH), np.zeros(FRAMES * 160 - LENGTH, np.float32)]))
assert p.shape == (80, FRAMES)
columns = [[c, [round(float(v), 6) for v in p[:, c]]] for c in (0, 1, 20, 40, 50, 92, 94, 95, 119)]
print(json.dumps({"samples": LENGTH, "frames": FRAMES, "mean": float(p.mean()), "columns": columns}))
