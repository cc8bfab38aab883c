"""What the HTML page says besides its charts: key figures, facts about pins, proofs and cost.

Plain values only; the template lays them out and escapes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gatekeeper.evidence import Evidence
from gatekeeper.phrases import count
from gatekeeper.report.visible_text import visible
from gatekeeper.report.wording import duration, estimate_text, outcome_word, percent, when
from gatekeeper.verdict import Outcome, Verdict
from gatekeeper.verdict.recorded_check import RecordedCheck
from gatekeeper.verdict.rule_summary import task_rule, worst_first, worst_forgetting

__all__ = ["Fact", "Figure", "cost_figures", "key_figures", "pin_facts", "proof_facts"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One headline number."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line in a table of facts. `state` is "", "good", "bad" or "open"."""

    label: str
    value: str
    state: str = ""
    code: bool = False


def key_figures(check: RecordedCheck) -> Iterator[Figure]:
    """The numbers under the verdict."""
    verdict, cost = check.verdict, check.evidence.cost
    task = task_rule(verdict.rules)
    if task is not None:
        yield Figure("Task score", percent(task.candidate_score),
                     f"{percent(task.base_score)} before")  # fmt: skip
    kept = worst_first(verdict.rules)
    if kept:
        held = sum(rule.outcome is Outcome.PASS for rule in kept)
        yield Figure("Capabilities retained", f"{held} of {len(kept)}", _not_retained(verdict))
        lowest = worst_forgetting(kept)
        worst = next((rule for rule in kept if rule.estimate == lowest), None)
        if lowest is not None and worst is not None:
            yield Figure("Worst change", estimate_text(worst), visible(worst.capability))
    lost = sum(sample.flip == "lost" for sample in check.samples)
    gained = sum(sample.flip == "gained" for sample in check.samples)
    if lost or gained:
        yield Figure("Answers flipped", f"{lost:,}", f"right to wrong; {gained:,} the other way")
    if cost.samples_scored or cost.samples_cached:
        told = f"{count(cost.samples_scored, 'answer')} scored, {cost.samples_cached:,} cached"
        yield Figure("Time", duration(cost.seconds), told)


def _not_retained(verdict: Verdict) -> str:
    words: dict[str, int] = {}
    for rule in worst_first(verdict.rules):
        if rule.outcome is not Outcome.PASS:
            words[outcome_word(rule)] = words.get(outcome_word(rule), 0) + 1
    return ", ".join(f"{number} {word}" for word, number in words.items())


def proof_facts(evidence: Evidence) -> Iterator[Fact]:
    """Was the adapter on, is it off again, and is the data clean?"""
    effect, detach = evidence.effect, evidence.detach
    if effect is not None:
        good = effect.changed and effect.finite
        yield Fact(
            "Adapter on",
            f"logits move by up to {effect.max_logit_difference:.3g}, KL {effect.kl:.3g} nats, on "
            f"{count(effect.prompts, 'fixed prompt')}" if good
            else ("its output is not finite" if not effect.finite else "it changes nothing"),
            "good" if good else "bad",
        )  # fmt: skip
    else:
        yield Fact("Adapter on", "not measured", "open")
    if detach is not None:
        yield Fact("Adapter off again", visible(detach.text), "good" if detach.identical else "bad")
    elif evidence.candidate.kind == "adapter":
        yield Fact("Adapter off again", "not proven", "open")
    overlap = evidence.contamination
    if overlap is not None:
        found = sum(overlap.overlapping.values())
        yield Fact(
            "Training data",
            f"{found:,} of {count(overlap.samples, 'suite sample')} also appear in "
            f"{count(overlap.rows, 'training row')}",
            "bad" if found else "good",
        )
    elif evidence.candidate.kind != "base":
        yield Fact("Training data", "not available; overlap cannot be ruled out", "open")
    conflict = evidence.training.contradictions
    if conflict is not None:
        yield Fact(
            "Contradictory labels",
            f"{conflict.conflicting_rows:,} of {count(conflict.rows, 'row')} "
            f"({percent(conflict.fraction)})",
            "good" if not conflict.conflicting_rows else "",
        )
    text = evidence.neutral_text
    if text is not None:
        yield Fact(
            "Drift on neutral text",
            f"KL {text.kl:.3f} nats per token; perplexity {text.base_perplexity:.1f} before, "
            f"{text.candidate_perplexity:.1f} now ({count(text.tokens, 'token')})",
        )
    probe = evidence.training.probe
    if probe is not None:
        yield Fact(
            "Score on training data",
            f"{percent(probe.base_score)} before, {percent(probe.candidate_score)} now "
            f"({count(probe.samples, 'sample')})",
        )


def pin_facts(check: RecordedCheck) -> Iterator[Fact]:
    """Everything that names what was checked, so that it can be checked again."""
    evidence, verdict = check.evidence, check.verdict
    base, candidate, here = evidence.base, evidence.candidate, evidence.environment
    yield Fact("Check", f"{check.check_id}, {when(evidence.created)}", code=True)
    yield Fact("Base", f"{visible(base.name)}, {base.dtype}, quantization {base.quantization}")
    yield Fact("Base digest", base.digest, code=True)
    if base.revision:
        yield Fact("Base revision", visible(base.revision), code=True)
    shape = [candidate.kind, candidate.peft_type or ""]
    if candidate.rank is not None:
        shape += [f"r={candidate.rank}", f"alpha={candidate.alpha:g}" if candidate.alpha else ""]
    shape.append(", ".join(visible(name) for name in candidate.target_modules))
    if candidate.parameters:
        shape.append(count(candidate.parameters, "parameter"))
    yield Fact("Candidate", " · ".join(part for part in shape if part))
    yield Fact("Candidate digest", candidate.digest, code=True)
    for suite in evidence.suites:
        yield Fact(f"Suite {visible(suite.name)}", suite.digest, code=True)
    yield Fact("Policy", f"{visible(verdict.policy_name)} {verdict.policy_digest}", code=True)
    manifest = evidence.training.manifest
    if manifest is not None:
        if manifest.dataset_digest:
            yield Fact("Training data", manifest.dataset_digest, code=True)
        told = [f"seed {manifest.seed}", f"{manifest.epochs} epochs", manifest.method]
        yield Fact("Training run", visible(", ".join([manifest.name, *told])))
    yield Fact("Evidence", verdict.evidence_digest, code=True)
    yield Fact("Draw", f"seed {evidence.sampling.seed}, at most "
               f"{count(evidence.sampling.max_samples, 'sample')} per suite")  # fmt: skip
    versions = ", ".join(f"{key} {value}" for key, value in sorted(here.versions.items()))
    yield Fact("Software", f"gatekeeper {here.gatekeeper}, python {here.python}, {versions}")
    yield Fact("Machine", f"{here.device}, {count(here.threads, 'thread')}, {here.platform}")
    for note in evidence.scoring_notes:
        yield Fact("Scoring", visible(note))


def cost_figures(evidence: Evidence) -> Iterator[Figure]:
    """What the check cost, and what it saved."""
    cost = evidence.cost
    yield Figure("Time", duration(cost.seconds))
    yield Figure("Answers scored", f"{cost.samples_scored:,}")
    yield Figure("Tokens", f"{cost.tokens:,}")
    yield Figure("From the cache", f"{cost.samples_cached:,}", "scored in an earlier check")
    yield Figure("Saved by stopping early", f"{cost.samples_saved:,}", "samples not needed")
