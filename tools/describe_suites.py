"""Write suites/general/README.md from suite.yaml, measured.json and a list of sources.

Every number comes from the measured file; this tool only lays it out. When the data has changed:

    gate suite measure general --base smollm2-135m-instruct
    python tools/describe_suites.py
"""

from __future__ import annotations

from pathlib import Path

from gatekeeper.authoring.measure_suite import PILOT
from gatekeeper.suite import load_suite
from gatekeeper.suite.measured import CapabilityMeasure, SuiteMeasure, read_measure
from gatekeeper.suite.sample_counts import sample_counts

TARGET = Path(__file__).parents[1] / "suites" / "general" / "README.md"

OWN = "our own templates and words"
# capability: (source, licence)
SOURCES = {
    "grammar": ("our own lexicon and sentence templates", "Apache-2.0"),
    "world_knowledge": ("countryinfo, periodictable, Unicode CLDR", "MIT, public domain, Unicode"),
    "arithmetic": ("computed", "Apache-2.0"),
    "reading": ("our own passages and templates", "Apache-2.0"),
    "commonsense": ("our own facts and scenes", "Apache-2.0"),
    "sequences": ("computed from our own words", "Apache-2.0"),
    "vocabulary": ("our own word lists, plurals checked by inflect", "Apache-2.0"),
    "multilingual": ("our own word lists, names from Unicode CLDR", "Apache-2.0, Unicode"),
    "safety": ("our own pairs of requests", "Apache-2.0"),
    "formats": ("computed, checked by parsers", "Apache-2.0"),
    "instructions": (OWN, "Apache-2.0"),
}
HEAD = """\
# The embedded forgetting suite

{samples:,} samples in {capabilities} capabilities, and neutral text for perplexity and KL.
The suite needs no network, has signal on a base of 135M parameters, and is graded in difficulty, so
that a larger base has room to improve. `tools/build_suites.py` makes it from facts and our own
text, seeded; users need none of the packages that it reads. `sha256sum -c SHA256SUMS` checks the
files.

Score and signal are those of the embedded base, {base} ({dtype}), on the samples of each row;
`gate suite measure general` measures another base.

| capability | what is asked | source | licence | samples | chance | base | 95% | signal |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
TIMED = """
One complete pass took {seconds:.0f} s ({device}, {threads} threads, {tokens:,} tokens);
the first {pilot} docs of each task had predicted {predicted:.0f} s.
"""
UNTIMED = """
One complete pass reads {tokens:,} tokens. The scores here were gathered in more than one run, so no
time is given; `gate suite measure general` with an empty cache gives the time for your machine.
"""
SIGNAL = """\
A check takes less: it stops scoring a capability as soon as its rules are settled, and pays for the
base only once.

**Signal** means that the base is shown to be better than chance (exact binomial test, 5%). Where it
is not, there is nothing to lose, and `gate check` reports "no signal on this base" instead of pass
or fail; it decides this separately for every base. Capabilities without signal on this base
({none}) may still have signal on a larger one.

## Difficulty
Scores of the same base by kind, hardest first: what a small model guesses, what it knows, and where
a larger one has room to improve.

| capability | hardest kinds | easiest kinds |
| --- | --- | --- |
"""
TAIL = """
## What the data guarantees
Checked by the build (`tools/suites/item.py`, `audit.py`) and again by the tests:
- no question appears twice, not even with its words in a different order; no choice appears twice;
- no wrong answer is right: sums are computed, lists ordered, JSON, XML, CSV and YAML run through a
  parser, borders and languages looked up from both sides, near uses and near synonyms kept apart;
- right answers appear equally often in each position, within each kind; picking the longest or the
  shortest choice gains at most 15 points over chance; there are no option letters to prefer;
- always refusing and always helping both score 50% on `safety`.

Samples of one kind share a template, so they are less independent than their number suggests. That
is why a capability has many kinds.

`safety` has two tasks. One asks for an answer: refuse or help. The other compares two requests
under one answer, so that a base which always prefers to help (or to refuse) still shows whether it
can distinguish them. No request says how to do anything harmful.
"""


def main() -> None:
    """Write the README. Raises SystemExit when the measured file is about other data."""
    suite = load_suite("general")
    measured = read_measure(suite)
    if measured is None:
        raise SystemExit("measured.json is missing or about other data: gate suite measure general")
    TARGET.write_text(_text(measured, {c.name: c.description for c in suite.capabilities}), "utf-8")
    print(f"wrote {TARGET}")


def _text(measured: SuiteMeasure, asked: dict[str, str]) -> str:
    head = HEAD.format(
        samples=sum(count or 0 for count in sample_counts(load_suite(measured.suite)).values()),
        capabilities=len(measured.capabilities),
        base=measured.base,
        dtype=measured.dtype,
    )
    rows = "".join(_row(one, asked[one.name]) for one in measured.capabilities)
    cost = (UNTIMED if measured.cached else TIMED).format(
        seconds=measured.seconds,
        predicted=measured.predicted_seconds,
        device=measured.environment.device,
        threads=measured.environment.threads,
        tokens=sum(one.tokens for one in measured.capabilities),
        pilot=PILOT,
    )
    silent = ", ".join(one.name for one in measured.capabilities if not one.signal) or "nothing"
    cost += SIGNAL.format(none=silent)
    return head + rows + cost + "".join(map(_kinds, measured.capabilities)) + TAIL


def _row(one: CapabilityMeasure, asked: str) -> str:
    source, licence = SOURCES[one.name]
    chance = "-" if one.chance is None else f"{100 * one.chance:.1f}%"
    cells = (
        one.name, asked, source, licence, str(one.samples), chance, f"{100 * one.score:.1f}%",
        f"{100 * one.low:.1f} to {100 * one.high:.1f}", "yes" if one.signal else "no",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def _kinds(one: CapabilityMeasure) -> str:
    ranked = sorted(one.kinds.items(), key=lambda item: item[1][1])
    told = [f"{kind} {100 * score:.0f}%" for kind, (_, score) in ranked]
    return f"| {one.name} | {', '.join(told[:4])} | {', '.join(told[-3:])} |\n"


if __name__ == "__main__":
    main()
