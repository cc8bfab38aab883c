"""Contamination: does the training data contain samples of the suites? Pure apart from scipy.

Four kinds, strictest first: the same text; the same apart from case, punctuation and spaces, alone
or inside a longer row; a shared run of 13 words; and a near-duplicate, by shared words and word
pairs that are weighted by how rare they are. The weights keep templates apart: "the capital of
France" and "the capital of Spain" share only what all such rows share.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from gatekeeper.evidence import Contamination, OverlapPair

__all__ = ["NEAR_DUPLICATE", "NGRAM_WORDS", "find_overlap", "normalised"]

NGRAM_WORDS = 13
"""A run of words this long is shared only when one text was copied (as in the GPT-3 paper)."""
NEAR_DUPLICATE = 0.6
"""Weighted Jaccard similarity at which two texts count as the same."""
FEWEST_WORDS = 6
"""Shorter samples are only compared as a whole: "What is 2 + 2?" may appear anywhere."""
MOST_PAIRS = 50
_CHUNK = 4096
_WORD = re.compile(r"\w+")

Sample = tuple[str, str]
"""(sample id, text)."""


def normalised(text: str) -> str:
    """Lower case, without punctuation, one space between words."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def find_overlap(
    training: Sequence[str],
    suites: Mapping[str, Sequence[Sample]],
    most_pairs: int = MOST_PAIRS,
) -> Contamination:
    """Compare every training text with every suite sample.

    Each overlapping sample counts once, under the strictest kind found; the texts of at most
    `most_pairs` of them are kept, for people to read.
    """
    samples = [(suite, *sample) for suite, own in suites.items() for sample in own]
    found: dict[int, OverlapPair] = {}

    def add(sample: int, row: int, kind: Any, similarity: float) -> None:
        if sample not in found:
            suite, sample_id, text = samples[sample]
            found[sample] = OverlapPair(
                suite=suite,
                sample_id=sample_id,
                row=row,
                kind=kind,
                similarity=round(similarity, 4),
                training_text=training[row],
                sample_text=text,
            )

    texts = [text for _, _, text in samples]
    row_words = [normalised(text).split() for text in training]
    sample_words = [normalised(text).split() for text in texts]
    for sample, row in _same(texts, training):
        add(sample, row, "exact", 1.0)
    for sample, row in _same(
        [" ".join(words) for words in sample_words], [" ".join(words) for words in row_words]
    ):
        add(sample, row, "normalised", 1.0)
    for sample, row in _contained(sample_words, row_words):
        add(sample, row, "normalised", 1.0)
    for sample, row in _shared_run(sample_words, row_words):
        add(sample, row, "ngram", 1.0)
    for sample, row, similarity in _near(sample_words, row_words):
        add(sample, row, "near-duplicate", similarity)
    overlapping = Counter(pair.suite for pair in found.values())
    return Contamination(
        rows=len(training),
        samples=len(samples),
        overlapping=dict(overlapping),
        pairs=tuple(found[sample] for sample in sorted(found)[:most_pairs]),
    )


def _same(samples: Sequence[str], rows: Sequence[str]) -> Iterator[tuple[int, int]]:
    first: dict[str, int] = {}
    for row, text in enumerate(rows):
        if text:
            first.setdefault(text, row)
    for sample, text in enumerate(samples):
        if text in first:
            yield sample, first[text]


def _contained(
    samples: Sequence[list[str]], rows: Sequence[list[str]]
) -> Iterator[tuple[int, int]]:
    """The whole sample is inside a longer row; found by its first words, then compared."""
    starts: dict[tuple[str, ...], list[int]] = {}
    for sample, words in enumerate(samples):
        if len(words) >= FEWEST_WORDS:
            starts.setdefault(tuple(words[:FEWEST_WORDS]), []).append(sample)
    first = {start[0] for start in starts}
    for row, words in enumerate(rows):
        for place, word in enumerate(words):
            if word in first:
                for sample in starts.get(tuple(words[place : place + FEWEST_WORDS]), ()):
                    own = samples[sample]
                    if words[place : place + len(own)] == own:
                        yield sample, row


def _shared_run(
    samples: Sequence[list[str]], rows: Sequence[list[str]]
) -> Iterator[tuple[int, int]]:
    holders: dict[int, list[int]] = {}
    for sample, words in enumerate(samples):
        for run in _runs(words):
            holders.setdefault(run, []).append(sample)
    # A run that many samples share is the suite's own template and shows nothing.
    telling = {run: held for run, held in holders.items() if len(held) <= 2}
    if not telling:
        return
    for row, words in enumerate(rows):
        for run in _runs(words):
            for sample in telling.get(run, ()):
                yield sample, row


def _runs(words: Sequence[str]) -> Iterable[int]:
    return (hash(tuple(words[i : i + NGRAM_WORDS])) for i in range(len(words) - NGRAM_WORDS + 1))


def _near(
    samples: Sequence[list[str]], rows: Sequence[list[str]]
) -> Iterator[tuple[int, int, float]]:
    """Pairs whose rarity-weighted Jaccard similarity reaches NEAR_DUPLICATE."""
    import numpy as np
    from scipy.sparse import csr_matrix

    asked = [i for i, words in enumerate(samples) if len(words) >= FEWEST_WORDS]
    if not asked or not rows:
        return
    sample_features = [_features(samples[i]) for i in asked]
    row_features = [_features(words) for words in rows]
    known: dict[str, int] = {}
    frequency: Counter[str] = Counter()
    for features in (*sample_features, *row_features):
        frequency.update(features)
    for features in sample_features:
        for feature in features:
            known.setdefault(feature, len(known))
    total = len(sample_features) + len(row_features)

    def weight(feature: str) -> float:
        return math.log(total / frequency[feature]) if frequency[feature] < total else 0.0

    weights = np.array([weight(feature) for feature in known])
    # Only rare features may propose a pair; the similarity is then taken over all of them.
    rare = np.array([frequency[feature] <= max(20, total // 200) for feature in known])

    def matrix(many: Sequence[frozenset[str]]) -> Any:
        indices = [known[f] for features in many for f in features if f in known]
        lengths = [sum(f in known for f in features) for features in many]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        return csr_matrix(
            (np.ones(len(indices)), np.array(indices, dtype=np.int64), starts),
            shape=(len(many), len(known)),
        )

    of_samples = matrix(sample_features)
    sample_total = np.array([sum(map(weight, features)) for features in sample_features])
    proposing = of_samples.multiply(rare).tocsr().T.tocsc()
    for start in range(0, len(row_features), _CHUNK):
        part = row_features[start : start + _CHUNK]
        of_rows = matrix(part)
        proposed = (of_rows @ proposing).tocoo()
        likely = proposed.data >= 2
        pairs_row, pairs_sample = proposed.row[likely], proposed.col[likely]
        if not len(pairs_row):
            continue
        row_total = np.array([sum(map(weight, features)) for features in part])
        both = of_rows[pairs_row].multiply(of_samples[pairs_sample])
        shared = np.asarray(both @ weights).ravel()
        union = row_total[pairs_row] + sample_total[pairs_sample] - shared
        similarity = shared / np.maximum(union, 1e-12)
        for hit in np.nonzero(similarity >= NEAR_DUPLICATE)[0]:
            yield asked[pairs_sample[hit]], start + int(pairs_row[hit]), float(similarity[hit])


def _features(words: Sequence[str]) -> frozenset[str]:
    """Words and pairs of neighbours."""
    return frozenset(words) | {f"{a} {b}" for a, b in pairwise(words)}
