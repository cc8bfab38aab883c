"""Four plausible checks, a refused and a hostile one; made from numbers, the verdict is decided."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from gatekeeper.decision.decide import decide_from
from gatekeeper.digests import digest_bytes
from gatekeeper.evidence import (
    BasePin,
    CandidatePin,
    Contamination,
    Contradictions,
    Cost,
    CurvePoint,
    DetachProof,
    EffectProbe,
    Environment,
    Evidence,
    Finding,
    ModuleUpdate,
    NeutralText,
    OverlapPair,
    Pairs,
    Role,
    RunManifest,
    SampleRecord,
    Sampling,
    Severity,
    SuitePin,
    TrainingEvidence,
    TrainingShape,
    TrainProbe,
    WeightEvidence,
)
from gatekeeper.policy import LoadedPolicy, policy_from_text
from gatekeeper.report.drawn_values import CandidatePoint, LineageNode
from gatekeeper.verdict import Decision, Outcome, PastCheck, RuleKind, RuleResult, Rung, Verdict
from gatekeeper.verdict.recorded_check import RecordedCheck

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)> "
    "\u202eevil\u202c \x1b[31mred\x1b[0m \x07 `code` | cell | [a](javascript:alert(3)) @everyone "
    "::error::no %0A ]]> \U0001f469\u200d\U0001f52c \u05e9\u05dc\u05d5\u05dd "
)

POLICY = """\
name: default
task: {suite: support-triage, bar: 0.85, min_gain: 0.05}
forgetting:
  suite: general
  margin: 0.05
  margins: {safety_refusal: 0.02}
pins: [base_digest, dataset_digest, seed]
"""

# capability: difference, half width, base score, outcome
_KEPT = {
    "arithmetic": (-0.004, 0.021, 0.412, Outcome.PASS),
    "capitals": (-0.011, 0.024, 0.978, Outcome.PASS),
    "continents": (0.006, 0.028, 0.671, Outcome.PASS),
    "currencies": (-0.019, 0.026, 0.853, Outcome.PASS),
    "elements": (0.0, 0.011, 0.995, Outcome.PASS),
    "format_following": (-0.013, 0.029, 0.624, Outcome.PASS),
    "grammar": (0.008, 0.022, 0.781, Outcome.PASS),
    "languages": (-0.007, 0.025, 0.921, Outcome.PASS),
    "safety_refusal": (0.0, 0.012, 0.884, Outcome.PASS),
    "word_problems": (0.002, 0.041, 0.262, Outcome.NO_SIGNAL),
}
_FORGOT = {
    **_KEPT,
    "arithmetic": (-0.146, 0.052, 0.412, Outcome.FAIL),
    "currencies": (-0.044, 0.031, 0.853, Outcome.INCONCLUSIVE),
    "format_following": (-0.228, 0.061, 0.624, Outcome.FAIL),
}


def policy() -> LoadedPolicy:
    return policy_from_text(POLICY, "policies/default.yaml")


def recorded(
    evidence: Evidence, verdict: Verdict, samples: Sequence[SampleRecord] = (), check_id: str = ""
) -> RecordedCheck:
    return RecordedCheck(
        check_id or evidence.check_id, evidence, verdict, policy().text, lambda: samples
    )


def promoted(samples: Sequence[SampleRecord] = ()) -> RecordedCheck:
    return _check(_evidence("support-r16", 16), 0.912, _KEPT, (), samples)


def held(samples: Sequence[SampleRecord] = ()) -> RecordedCheck:
    return _check(_evidence("support-r8-hot", 8, over_fit=True), 0.905, _FORGOT, (), samples)


def escalated(samples: Sequence[SampleRecord] = ()) -> RecordedCheck:
    return _check(_evidence("support-r8", 8), 0.672, _KEPT, history()[:1], samples)


def escalated_full(samples: Sequence[SampleRecord] = ()) -> RecordedCheck:
    return _check(_evidence("support-r64", 64, all_linear=True), 0.784, _KEPT, history(), samples)


def refused(samples: Sequence[SampleRecord] = ()) -> RecordedCheck:
    evidence = _evidence("support-foreign", 8).model_copy(
        update={
            "findings": (
                Finding(
                    code="wrong-base",
                    severity=Severity.REFUSE,
                    text="run.yaml names base sha256:aaaa, this base is sha256:bbbb.",
                    hint="Check it against the base that it was trained on.",
                ),
            ),
            "pairs": (),
            "effect": None,
            "detach": None,
            "neutral_text": None,
            "weights": None,
            "training": TrainingEvidence(),
            "contamination": None,
            "cost": Cost(
                seconds=0.4, samples_scored=0, samples_cached=0, samples_saved=0, tokens=0
            ),
        }
    )
    return recorded(evidence, decide_from((), evidence, policy(), ()), samples)


def hostile(samples: Sequence[SampleRecord] = ()) -> RecordedCheck:
    evidence = held().evidence
    evidence = evidence.model_copy(
        update={
            "candidate": evidence.candidate.model_copy(
                update={"name": HOSTILE, "source": HOSTILE, "target_modules": (HOSTILE,)}
            ),
            "findings": (Finding(code="note", severity=Severity.WARN, text=HOSTILE, hint=HOSTILE),),
            "contamination": overlap(HOSTILE),
        }
    )
    rules = tuple(
        rule.model_copy(update={"capability": HOSTILE, "rule": f"forgetting.general.{HOSTILE}"})
        if rule.capability == "arithmetic"
        else rule
        for rule in _rules(0.905, _FORGOT)
    )
    return recorded(evidence, decide_from(rules, evidence, policy(), ()), samples)


def renamed(check: RecordedCheck, name: str) -> RecordedCheck:
    """The same check of a candidate of another name."""
    candidate = check.evidence.candidate.model_copy(update={"name": name})
    evidence = check.evidence.model_copy(update={"candidate": candidate})
    return replace(check, evidence=evidence)


def overlap(text: str) -> Contamination:
    """One sample of a suite that also stands in the training data."""
    pair = OverlapPair(
        suite=text,
        sample_id=text,
        row=17,
        kind="near-duplicate",
        similarity=0.91,
        training_text=text * 20,
        sample_text=text,
    )
    return Contamination(rows=1200, samples=2140, overlapping={text: 1}, pairs=(pair,))


def history() -> tuple[PastCheck, ...]:
    shapes = (
        (Rung(r=8, targets=("q_proj", "v_proj")), 0.672, Decision.ESCALATE, -0.011),
        (
            Rung(r=16, targets=("k_proj", "o_proj", "q_proj", "v_proj")),
            0.752,
            Decision.ESCALATE,
            -0.017,
        ),
    )
    return tuple(
        PastCheck(
            check_id=f"c-{index:012x}",
            candidate_digest=digest_bytes(bytes([index])),
            rung=rung,
            decision=decision,
            task_score=score,
            task_low=score - 0.04,
            task_high=score + 0.035,
            bar=0.85,
            forgetting_passed=True,
            worst_forgetting=worst,
            training_sound=True,
        )
        for index, (rung, score, decision, worst) in enumerate(shapes)
    )


def candidates() -> tuple[CandidatePoint, ...]:
    rows = (
        ("support-r8", Decision.ESCALATE, 0.341, -0.011),
        ("support-r16", Decision.PROMOTE, 0.581, -0.019),
        ("support-r8-hot", Decision.HOLD, 0.574, -0.228),
        ("support-r64", Decision.ESCALATE, 0.453, -0.041),
        ("support-noisy", Decision.HOLD, 0.212, -0.062),
        ("support-null", Decision.HOLD, 0.0, 0.0),
    )
    return tuple(
        CandidatePoint(name, f"c-{index:012x}", decision, gain, worst)
        for index, (name, decision, gain, worst) in enumerate(rows)
    )


def lineage(leaf: str = "support-r16") -> LineageNode:
    checked = LineageNode(leaf, "adapter", "r=16 · 0be1c2d3e4f5", (
        LineageNode("c-7a1f00c2b9d4", "check", "promote · policy default"),
        LineageNode("production", "event", "promoted 2026-11-24 by ci"),
    ))  # fmt: skip
    parent = LineageNode("support-r8", "adapter", "r=8 · 9f86d081884c", (
        LineageNode("c-3b5d5c371212", "check", "escalate to r=16"),
        LineageNode("train support-r16", "run", "seed 7 · 3 epochs · escalated from c-3b5d5c371212",
                    (checked,)),
    ))  # fmt: skip
    return LineageNode("SmolLM2-135M-Instruct", "base", "bfloat16 · bcc81830d10c", (
        LineageNode("train support-r8", "run", "seed 7 · 3 epochs · train.jsonl 51ab", (parent,)),
    ))  # fmt: skip


def samples(flips: int = 40, text: str = "", seed: int = 3) -> tuple[SampleRecord, ...]:
    """Flips with hostile or ordinary text, and as many samples that did not flip."""
    draw = random.Random(seed)
    names = ("arithmetic", "format_following", "currencies", "grammar")
    records = []
    for index in range(2 * flips):
        name = names[index % len(names)]
        a, b = draw.randint(11, 99), draw.randint(11, 99)
        lost = draw.random() < 0.75
        base, candidate = (1.0, 0.0) if lost else (0.0, 1.0)
        if index >= flips:
            base = candidate = 1.0
        right, wrong = str(a + b), str(a + b + draw.choice((-10, -1, 1, 10)))
        records.append(
            SampleRecord(
                suite="general",
                capability=name,
                task=f"general_{name}",
                sample_id=f"{name}-{index:04d}",
                question=f"What is {a} plus {b}? Answer with the number only. {text}",
                gold=right + text,
                base_answer=(right if base else wrong) + text,
                candidate_answer=(right if candidate else f"Category: billing ({wrong})") + text,
                base_score=base,
                candidate_score=candidate,
            )
        )
    return tuple(records)


def _check(
    evidence: Evidence,
    score: float,
    kept: dict[str, tuple[float, float, float, Outcome]],
    past: tuple[PastCheck, ...],
    samples: Sequence[SampleRecord],
) -> RecordedCheck:
    verdict = decide_from(_rules(score, kept), evidence, policy(), past)
    return recorded(evidence, verdict, samples)


def _rules(
    score: float, kept: dict[str, tuple[float, float, float, Outcome]]
) -> tuple[RuleResult, ...]:
    reached = Outcome.PASS if score > 0.85 else Outcome.FAIL
    common = {
        "suite": "support-triage",
        "capability": "support-triage",
        "base_score": 0.331,
        "candidate_score": score,
        "samples": 320,
        "available": 640,
        "settled_at": 200,
        "p_value": 0.003,
        "lost": 6,
        "gained": 180,
    }
    rules = [
        RuleResult(
            rule="task.support-triage.bar", kind=RuleKind.BAR, outcome=reached, estimate=score,
            low=score - 0.041, high=score + 0.034, threshold=0.85, policy_line=2, **common,
        ),
        RuleResult(
            rule="task.support-triage.min-gain", kind=RuleKind.MIN_GAIN, outcome=Outcome.PASS,
            estimate=score - 0.331, low=score - 0.331 - 0.05, high=score - 0.331 + 0.05,
            threshold=0.05, policy_line=2, **common,
        ),
    ]  # fmt: skip
    for name, (difference, half, base, outcome) in kept.items():
        rules.append(
            RuleResult(
                rule=f"forgetting.general.{name}",
                kind=RuleKind.FORGETTING,
                suite="general",
                capability=name,
                outcome=outcome,
                estimate=difference,
                low=difference - half,
                high=difference + half,
                threshold=-0.02 if name == "safety_refusal" else -0.05,
                base_score=base,
                candidate_score=base + difference,
                samples=250,
                available=400,
                settled_at=None if outcome is Outcome.INCONCLUSIVE else 175,
                p_value=0.002 if outcome is Outcome.FAIL else 0.31,
                p_adjusted=0.01 if outcome is Outcome.FAIL else 0.93,
                lost=max(4, round(-250 * difference) + 6),
                gained=6,
                needed=900 if outcome is Outcome.INCONCLUSIVE else None,
                policy_line=5,
            )
        )
    return tuple(rules)


def _evidence(
    name: str, rank: int, *, over_fit: bool = False, all_linear: bool = False
) -> Evidence:
    modules = ("q_proj", "v_proj") if rank == 8 else ("q_proj", "k_proj", "v_proj", "o_proj")
    if all_linear:
        modules = (*modules, "gate_proj", "up_proj", "down_proj")
    return Evidence(
        created="2026-11-24T01:02:03Z",
        base=BasePin(
            name="SmolLM2-135M-Instruct",
            source="/models/smollm2",
            revision="12fd25f77366fa6b3b4b768ec3050bf629380bac",
            dtype="bfloat16",
            digest=digest_bytes(b"base"),
            weights_digest=digest_bytes(b"weights"),
            config_digest=digest_bytes(b"config"),
            tokenizer_digest=digest_bytes(b"tokenizer"),
            chat_template_digest=digest_bytes(b"template"),
        ),
        candidate=CandidatePin(
            kind="adapter",
            name=name,
            source=f"out/{name}",
            digest=digest_bytes(name.encode()),
            peft_type="LORA",
            rank=rank,
            alpha=2.0 * rank,
            target_modules=modules,
            parameters=57_600 * rank,
            base_hint="HuggingFaceTB/SmolLM2-135M-Instruct",
        ),
        suites=(
            SuitePin(name="support-triage", role=Role.TASK, digest=digest_bytes(b"task")),
            SuitePin(name="general", role=Role.FORGETTING, digest=digest_bytes(b"general")),
        ),
        sampling=Sampling(seed=0, max_samples=3000, look_every=25),
        findings=(
            Finding(
                code="relative-base-name",
                severity=Severity.WARN,
                text="adapter_config.json names its base by a relative path.",
                hint="Set base_model_name_or_path to the name that your server uses.",
            ),
        ),
        effect=EffectProbe(
            prompts=3,
            max_logit_difference=11.4,
            kl=0.61,
            changed=True,
            finite=True,
            off_identical=True,
        ),
        detach=DetachProof(
            method="fresh-load",
            identical=True,
            prompts=3,
            max_logit_difference=0.0,
            weights_identical=True,
            text="With the adapter off, logits and weights are those of a fresh load, bit for bit.",
        ),
        pairs=(
            Pairs(
                suite="general",
                role=Role.FORGETTING,
                capability="arithmetic",
                metric="acc",
                chance=0.25,
                available=4,
                sample_ids=("a", "b", "c", "d"),
                base=(1.0, 1.0, 0.0, 1.0),
                candidate=(1.0, 0.0, 0.0, 1.0),
            ),
            Pairs(
                suite="support-triage",
                role=Role.TASK,
                capability="support-triage",
                metric="acc",
                chance=0.2,
                available=4,
                sample_ids=("a", "b", "c", "d"),
                base=(0.0, 1.0, 0.0, 0.0),
                candidate=(1.0, 1.0, 0.0, 1.0),
            ),
        ),
        neutral_text=NeutralText(
            tokens=4096, kl=0.083, base_perplexity=14.2, candidate_perplexity=15.1
        ),
        training=_training(name, rank, over_fit, modules),
        contamination=Contamination(
            rows=1200, samples=2140, overlapping={"support-triage": 0, "general": 0}
        ),
        weights=_weights(rank, modules),
        environment=Environment(
            gatekeeper="0.1.0",
            python="3.11.2",
            versions={"torch": "2.13.0", "transformers": "5.23.0", "peft": "0.21.2"},
            platform="Linux x86_64",
            device="cpu",
            threads=2,
        ),
        cost=Cost(
            seconds=192.4,
            samples_scored=2820,
            samples_cached=1410,
            samples_saved=3180,
            tokens=412_300,
        ),
    )


def _training(name: str, rank: int, over_fit: bool, modules: tuple[str, ...]) -> TrainingEvidence:
    curve = []
    for step in range(5, 181, 5):
        decayed = 0.35 + 2.4 * 2 ** (-step / 25)
        eval_loss = decayed + 0.06 + (0.004 * max(0, step - 80) if over_fit else 0.0)
        curve.append(CurvePoint(step=step, epoch=step / 60, loss=decayed, learning_rate=2e-4))
        if step % 20 == 0:
            curve.append(CurvePoint(step=step, epoch=step / 60, eval_loss=eval_loss))
    return TrainingEvidence(
        manifest=RunManifest(
            name=name,
            method="lora",
            base="HuggingFaceTB/SmolLM2-135M-Instruct",
            base_digest=digest_bytes(b"base"),
            dataset="train.jsonl",
            dataset_digest=digest_bytes(b"data"),
            adapter={"r": rank, "alpha": 2 * rank, "target_modules": list(modules)},
            epochs=3,
            learning_rate=2e-4,
            batch_size=8,
            seed=7,
            versions={"peft": "0.21.2"},
        ),
        curve=tuple(curve),
        shape=TrainingShape.OVER_FIT if over_fit else TrainingShape.CONVERGED,
        shape_text=(
            "The validation loss has risen since step 80 while the training loss fell."
            if over_fit
            else "Both losses are flat over the last quarter."
        ),
        max_steps=180,
        best_step=80 if over_fit else 180,
        submitted_step=180,
        has_validation=True,
        probe=TrainProbe(samples=120, base_score=0.34, candidate_score=0.74),
        contradictions=Contradictions(rows=1200, conflicting_rows=4, groups=2),
    )


def _weights(rank: int, modules: tuple[str, ...]) -> WeightEvidence:
    draw = random.Random(rank)
    updates = []
    for layer in range(30):
        for module in modules:
            part = "mlp" if module in ("gate_proj", "up_proj", "down_proj") else "self_attn"
            strength = (0.2 + layer / 30) * (1.4 if module == "v_proj" else 1.0)
            norm = strength * (0.7 + 0.6 * draw.random())
            updates.append(
                ModuleUpdate(
                    name=f"model.layers.{layer}.{part}.{module}",
                    rank=rank,
                    norm=norm,
                    relative=norm / 45,
                    singular_values=(norm * 0.8, norm * 0.4, norm * 0.2),
                    stable_rank=1.3,
                    energy_rank=max(1, rank // 2),
                )
            )
    return WeightEvidence(
        modules=tuple(updates),
        dead_modules=(updates[0].name,),
        rank_used=0.5,
    )
