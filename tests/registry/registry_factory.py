"""Small but real things to record: adapters as PEFT saves them, evidence, verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from gatekeeper.candidate.folder import read_adapter
from gatekeeper.decision.decide import decide
from gatekeeper.digests import digest_json
from gatekeeper.errors import ExitCode
from gatekeeper.evidence import (
    BasePin,
    CandidatePin,
    Contamination,
    Contradictions,
    Cost,
    DetachProof,
    EffectProbe,
    Environment,
    Evidence,
    Pairs,
    Role,
    RunManifest,
    SampleRecord,
    Sampling,
    SuitePin,
    TrainingEvidence,
    TrainingShape,
)
from gatekeeper.policy import Policy, policy_from_text
from gatekeeper.registry import By, Registry
from gatekeeper.registry.events import CheckRecorded
from gatekeeper.verdict import (
    Action,
    Decision,
    NextStep,
    Outcome,
    Reason,
    ReasonCode,
    RuleKind,
    RuleResult,
    Verdict,
)

NOW = "2026-03-01T12:00:00Z"
BASE_DIGEST = digest_json("base")
DATASET_DIGEST = digest_json("dataset")
TASK_SUITE = SuitePin(name="triage", role=Role.TASK, digest=digest_json("triage"))
FORGETTING_SUITE = SuitePin(name="general", role=Role.FORGETTING, digest=digest_json("general"))

EXIT_CODES = {
    Decision.PROMOTE: ExitCode.PROMOTE,
    Decision.HOLD: ExitCode.HOLD,
    Decision.ESCALATE: ExitCode.ESCALATE_RUNG,
    Decision.REFUSED: ExitCode.REFUSED,
}


def adapter_folder(folder: Path, seed: int = 0, rank: int = 2) -> Path:
    """An adapter as PEFT saves it, one module, four by four."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    prefix = "base_model.model.model.layers.0.self_attn.q_proj"
    save_file(
        {
            f"{prefix}.lora_A.weight": random.normal(size=(rank, 4)).astype(np.float32),
            f"{prefix}.lora_B.weight": random.normal(size=(4, rank)).astype(np.float32),
        },
        folder / "adapter_model.safetensors",
    )
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": rank,
        "lora_alpha": 2 * rank,
        "target_modules": ["q_proj"],
        "base_model_name_or_path": "tiny",
    }
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))
    return folder


def policy_text(name: str = "default", bar: float = 0.8) -> str:
    return (
        f"name: {name}\n"
        f"task: {{suite: triage, bar: {bar}}}\n"
        "forgetting: {suite: general, margin: 0.03}\n"
    )


def policy(name: str = "default", bar: float = 0.8) -> Policy:
    return policy_from_text(policy_text(name, bar)).policy


def evidence(
    candidate: str,
    *,
    name: str = "triage-r2",
    kind: str = "adapter",
    base_digest: str = BASE_DIGEST,
    created: str = NOW,
    samples: int = 200,
    **manifest: Any,
) -> Evidence:
    ids = tuple(f"doc-{number}" for number in range(samples))

    def pairs(suite: SuitePin, capability: str, before: int, after: int) -> Pairs:
        return Pairs(
            suite=suite.name,
            role=suite.role,
            capability=capability,
            metric="acc",
            chance=0.25,
            available=samples,
            sample_ids=ids,
            base=tuple(float(number < before) for number in range(samples)),
            candidate=tuple(float(number < after) for number in range(samples)),
        )

    return Evidence(
        created=created,
        base=BasePin(
            name="tiny",
            source="/models/tiny",
            dtype="float32",
            digest=base_digest,
            weights_digest=digest_json("weights"),
            config_digest=digest_json("config"),
            tokenizer_digest=digest_json("tokenizer"),
        ),
        candidate=CandidatePin(
            kind=kind,  # type: ignore[arg-type]
            name=name,
            source=f"/runs/{name}",
            digest=candidate,
            peft_type="LORA",
            rank=2,
            alpha=4.0,
            target_modules=("q_proj",),
            parameters=16,
        ),
        suites=(TASK_SUITE, FORGETTING_SUITE),
        sampling=Sampling(seed=0, max_samples=2000, look_every=25),
        findings=(),
        contamination=Contamination(rows=100, samples=2 * samples),
        effect=EffectProbe(
            prompts=2,
            max_logit_difference=1.5,
            kl=0.1,
            changed=True,
            finite=True,
            off_identical=True,
        ),
        detach=proof(),
        pairs=(
            pairs(TASK_SUITE, "triage", samples // 2, samples - 2),
            pairs(FORGETTING_SUITE, "arithmetic", samples - 4, samples - 4),
        ),
        training=TrainingEvidence(
            manifest=RunManifest(
                **{
                    "name": f"run of {name}",
                    "method": "lora",
                    "base": "tiny",
                    "base_digest": base_digest,
                    "dataset": "train.jsonl",
                    "dataset_digest": DATASET_DIGEST,
                    "seed": 7,
                    **manifest,
                }
            ),
            shape=TrainingShape.CONVERGED,
            contradictions=Contradictions(rows=100, conflicting_rows=0, groups=0),
        ),
        environment=Environment(
            gatekeeper="0.1.0",
            python="3.11",
            versions={"torch": "2.13.0"},
            platform="linux",
            device="cpu",
            threads=1,
        ),
        cost=Cost(
            seconds=1.0, samples_scored=2 * samples, samples_cached=0, samples_saved=0, tokens=900
        ),
    )


def proof(identical: bool = True) -> DetachProof:
    return DetachProof(
        method="disable",
        identical=identical,
        prompts=2,
        max_logit_difference=0.0 if identical else 0.5,
        weights_identical=identical,
        text="Off, the adapter leaves the logits of a fresh base.",
    )


def verdict(
    about: Evidence,
    decision: Decision = Decision.PROMOTE,
    *,
    policy_name: str = "default",
    bar: float = 0.8,
) -> Verdict:
    """Decided as a check decides where a promote is asked for: then it can be decided again.

    What a hold, an escalation or a refusal says is made up.
    """
    if decision is Decision.PROMOTE:
        decided = decide(about, policy_from_text(policy_text(policy_name, bar)))
        if decided.decision is decision:
            return decided
    task, forgetting = about.pairs
    score = sum(task.candidate) / len(task.candidate)
    lost = sum(forgetting.candidate) / len(forgetting.candidate) - sum(forgetting.base) / len(
        forgetting.base
    )
    rules = (
        _rule("task.triage.bar", RuleKind.BAR, task, score, bar),
        _rule("forgetting.general.arithmetic", RuleKind.FORGETTING, forgetting, lost, -0.03),
    )
    code = ReasonCode.ALL_RULES_PASS if decision is Decision.PROMOTE else ReasonCode.INCONCLUSIVE
    return Verdict(
        decision=decision,
        exit_code=EXIT_CODES[decision],
        reasons=(Reason(code=code, params={"rules": 2}),),
        rules=rules,
        next_step=NextStep(action=Action.PROMOTE, text="Put it into service."),
        policy_name=policy_name,
        policy_digest=policy(policy_name, bar).digest,
        evidence_digest=about.digest,
    )


def _rule(name: str, kind: RuleKind, pairs: Pairs, estimate: float, limit: float) -> RuleResult:
    return RuleResult(
        rule=name,
        kind=kind,
        suite=pairs.suite,
        capability=pairs.capability,
        outcome=Outcome.PASS,
        estimate=estimate,
        low=estimate - 0.02,
        high=estimate + 0.02,
        threshold=limit,
        base_score=sum(pairs.base) / len(pairs.base),
        candidate_score=sum(pairs.candidate) / len(pairs.candidate),
        samples=len(pairs.base),
        available=pairs.available,
    )


def sample_records(count: int = 2) -> list[SampleRecord]:
    return [
        SampleRecord(
            suite="triage",
            capability="triage",
            task="triage",
            sample_id=f"doc-{number}",
            question="Which queue?",
            gold="billing",
            base_answer="sales",
            candidate_answer="billing",
            base_score=0.0,
            candidate_score=1.0,
        )
        for number in range(count)
    ]


def digest_of(folder: Path) -> str:
    return read_adapter(folder).digest


def record(
    registry: Registry,
    folder: Path,
    *,
    name: str = "triage-r2",
    decision: Decision = Decision.PROMOTE,
    policy_name: str = "default",
    who: str = "ana",
    **about: Any,
) -> CheckRecorded:
    """Store an adapter and record a check of it."""
    digest = registry.store_object(folder, "adapter")
    found = evidence(digest, name=name, **about)
    return registry.record_check(
        found,
        verdict(found, decision, policy_name=policy_name),
        sample_records(),
        policy_text(policy_name),
        name=name,
        by=By(who, NOW),
    )
