"""The pack's card: what it was trained on, how well it does on strangers, what not to expect of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

AGREED = 0.7
"""Share from which a label is called sure."""


def recall(truth: np.ndarray, said: np.ndarray, label: str) -> float:
    """Share of the clips of `label` that were recognised."""
    return float(np.mean(said[truth == label] == label))


def measure(truth: np.ndarray, said: np.ndarray, share: np.ndarray, lines: tuple[str, ...], labels: list[str]) -> dict:
    """All figures of the card from what was said of speakers held out."""
    known = np.isin(truth, labels)
    figures: dict = {"labels": labels, "clips": int(known.sum()), "lines": {}}
    for line, heard, sure in zip(lines, said, share, strict=True):
        right = heard[known] == truth[known]
        certain = sure[known] >= AGREED
        anger = [np.mean((heard == "angry")[(truth == "angry") == side] == side) for side in (True, False)]
        figures["lines"][line] = {
            "uar": round(float(np.mean([recall(truth[known], heard[known], label) for label in labels])), 3),
            "accuracy": round(float(right.mean()), 3),
            "angry_or_not_uar_all_535": round(float(np.mean(anger)), 3),
            "sure_share": round(float(certain.mean()), 3),
            "sure_accuracy": round(float(right[certain].mean()), 3),
        }
    heard = said[lines.index("telephone")]
    figures["confusion"] = {
        name: [int(np.sum((truth == name) & (heard == label))) for label in labels] for name in sorted(set(truth))
    }
    return figures


def table(figures: dict) -> str:
    """The figures as Markdown."""
    rows = ["| line | UAR, 4 labels | accuracy | angry or not, UAR, all 535 clips | sure (>= 0.7) | accuracy when sure |"]
    rows.append("|---|---|---|---|---|---|")
    for line, values in figures["lines"].items():
        rows.append(f"| {line} | " + " | ".join(f"{value:.3f}" for value in values.values()) + " |")
    rows += ["", "| telephone: spoken as, heard as | " + " | ".join(figures["labels"]) + " |"]
    rows.append("|---|" + "---|" * len(figures["labels"]))
    for name, counts in figures["confusion"].items():
        mark = "" if name in figures["labels"] else " (not trained on)"
        rows.append(f"| {name}{mark} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(rows)


TEXT = """# Emotion pack: how a caller's phrase sounded

An advisory score, 8 kHz, from prosody and spectrum alone; it knows no words. Labels: {labels}.

- **Data.** Berlin Database of Emotional Speech: F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier, B. Weiss,
  "A Database of German Emotional Speech", Interspeech 2005. Ten actors, {clips} of the 535 utterances, at 8 kHz and
  2 s each; heard three times: clean, through a telephone line (300-3400 Hz, A-law), in noise (20 dB).
  Boredom counts as neutral. Fear and disgust were left out of the training: see what is said of them below.
- **Licence of the data.** Free of charge by its authors. It is often catalogued as CC0; we found no licence text and
  could not verify that. Whoever ships this pack further should clear it. No sound of the database is in this project.
- **Network.** 79 numbers (features.py) -> {hidden} neurons -> {count} shares; scaling folded in; {voters} small
  networks, joined. Trained by train.py. Its settings were set once; the set of labels and the three lines were
  chosen with figures like those below in view, so these are a little kind.

## Figures: speakers never heard in training (leave one speaker out)

UAR is the mean of the labels' recalls; chance is 0.25 for four labels, 0.5 for two.

{table}

## Limits

- Acted German speech. Expect markedly less of real callers, and of Mandarin, whose pitch carries words;
  no figure for them exists. Never decide anything about a person by it alone.
- Only the caller's leg is judged, never an agent's; nothing is kept but the label and its share.
- Angry and happy are often taken for each other: both are loud and high. Fear and disgust have no label.
- Phrases under 0.25 s are not judged; training clips were 2 s, very long phrases are unlike them.
"""


def write(figures: dict, folder: Path) -> None:
    """card.md for people, card.toml for programs."""
    from network import HIDDEN, VOTERS

    labels = figures["labels"]
    text = TEXT.format(
        labels=", ".join(labels),
        clips=figures["clips"],
        hidden=HIDDEN * VOTERS,
        voters=VOTERS,
        count=len(labels),
        table=table(figures),
    )
    (folder / "card.md").write_text(text)
    lines = [
        'name = "emotion"',
        f"labels = {labels}".replace("'", '"'),
        'data = "Burkhardt et al., A Database of German Emotional Speech, Interspeech 2005"',
        'data_licence = "free of charge by its authors; CC0 by hearsay, unverified"',
        f"clips = {figures['clips']}",
        "speakers = 10",
        'use = "advisory; the caller\'s leg only; acted German speech"',
        "sample_rate = 8000",
    ]
    for line, values in figures["lines"].items():
        lines += ["", f"[speakers_held_out.{line}]", *(f"{key} = {value}" for key, value in values.items())]
    (folder / "card.toml").write_text("\n".join(lines) + "\n")
