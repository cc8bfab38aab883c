"""The check that a declared case describes: evidence with exactly its counts, and its history.

Paired samples are laid out evenly, and everything that is not declared is sound.
"""

from __future__ import annotations

import math

from gatekeeper import __version__
from gatekeeper.authoring.declared_case import Counts, Earlier, PolicyCase, Training
from gatekeeper.decision.decide import decide
from gatekeeper.digests import digest_json
from gatekeeper.errors import PolicyError
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
    NeutralText,
    Pairs,
    Role,
    RunManifest,
    Sampling,
    SuitePin,
    TrainingEvidence,
    TrainProbe,
)
from gatekeeper.policy import LoadedPolicy
from gatekeeper.registry.check_summaries import summarise
from gatekeeper.verdict import Decision, PastCheck

__all__ = ["evidence_of", "past_of"]


def evidence_of(case: PolicyCase, loaded: LoadedPolicy) -> Evidence:
    """Evidence with exactly the declared counts, and sound in everything not declared."""
    pairs = [
        _pairs(suite, Role.TASK, suite, counts, loaded) for suite, counts in case.task.items()
    ] + [
        _pairs(suite, Role.FORGETTING, name, counts, loaded)
        for suite, capabilities in case.forgetting.items()
        for name, counts in capabilities.items()
    ]
    suites = [(suite, Role.TASK) for suite in case.task]
    suites += [(suite, Role.FORGETTING) for suite in case.forgetting]
    pin = digest_json("case")
    training = case.training
    return Evidence(
        created="1970-01-01T00:00:00Z",
        base=BasePin(
            name="case",
            source="case",
            dtype="float32",
            digest=pin,
            weights_digest=pin,
            config_digest=pin,
            tokenizer_digest=pin,
            revision="case",
        ),
        candidate=CandidatePin(
            kind="adapter",
            name=case.name,
            source=case.name,
            digest=digest_json(case.name),
            peft_type="LORA",
            rank=training.r,
            alpha=2.0 * training.r,
            target_modules=training.targets,
        ),
        suites=tuple(SuitePin(name=name, role=role, digest=pin) for name, role in suites),
        sampling=Sampling(
            seed=loaded.policy.budget.seed,
            max_samples=loaded.policy.budget.max_samples,
            look_every=loaded.policy.budget.look_every,
        ),
        findings=(),
        effect=EffectProbe(
            prompts=1,
            max_logit_difference=1.0 if case.effect else 0.0,
            kl=0.1 if case.effect else 0.0,
            changed=case.effect,
            finite=True,
            off_identical=True,
        ),
        detach=DetachProof(
            method="disable",
            identical=case.detachable,
            prompts=1,
            max_logit_difference=0.0,
            weights_identical=case.detachable,
            text="declared",
        ),
        pairs=tuple(pairs),
        neutral_text=None
        if case.kl is None
        else NeutralText(tokens=1000, kl=case.kl, base_perplexity=10.0, candidate_perplexity=10.0),
        training=_training(training, pin, _base_score(case))
        if training.known
        else TrainingEvidence(),
        contamination=Contamination(
            rows=1000,
            samples=max(1, sum(len(pair.base) for pair in pairs)),
            overlapping={"case": case.contaminated} if case.contaminated else {},
        )
        if training.known
        else None,
        environment=Environment(
            gatekeeper=__version__, python="", versions={}, platform="", device="cpu", threads=1
        ),
        cost=Cost(seconds=0, samples_scored=0, samples_cached=0, samples_saved=0, tokens=0),
    )


def past_of(case: PolicyCase, loaded: LoadedPolicy) -> tuple[PastCheck, ...]:
    """The declared history: each earlier check is laid out, compared and summed up like this one.

    One that scored no task, because the policy names none, leaves nothing behind.
    """
    found = (_past(index, earlier, case, loaded) for index, earlier in enumerate(case.history))
    return tuple(past for past in found if past is not None)


def _past(index: int, earlier: Earlier, case: PolicyCase, loaded: LoadedPolicy) -> PastCheck | None:
    declared = PolicyCase(
        name=f"earlier {index}",
        expect="hold",
        task={
            rule.suite: _reached(earlier, case.task.get(rule.suite)) for rule in loaded.policy.task
        },
        training=Training(r=earlier.r, targets=earlier.targets),
    )
    evidence = evidence_of(declared, loaded)
    past = summarise(evidence, decide(evidence, loaded))
    if past is None:
        return None
    return past.model_copy(
        update={
            "decision": Decision.PROMOTE if earlier.promoted else Decision.HOLD,
            "forgetting_passed": True,
            "worst_forgetting": earlier.worst_forgetting,
            "training_sound": True,
        }
    )


def _reached(earlier: Earlier, now: Counts | None) -> Counts:
    """The task of an earlier check: the base as it does now, the candidate at the earlier score."""
    samples = earlier.samples
    right = round(samples * now.right / now.samples) if now and now.samples else 0
    reached = round(samples * earlier.score)
    return Counts(
        samples=samples,
        right=right,
        lost=max(0, right - reached),
        gained=max(0, reached - right),
    )


def _base_score(case: PolicyCase) -> float:
    """The base on training rows: as on the first task, since nothing else is declared."""
    first = next(iter(case.task.values()), None)
    return first.right / first.samples if first and first.samples else 0.0


def _training(training: Training, pin: str, base_score: float) -> TrainingEvidence:
    return TrainingEvidence(
        manifest=RunManifest(
            name="case",
            method="lora",
            base="case",
            base_digest=pin,
            dataset="case",
            dataset_digest=pin,
            seed=0,
        ),
        shape=training.shape,
        has_validation=True,
        probe=None
        if training.train_score is None
        else TrainProbe(samples=200, base_score=base_score, candidate_score=training.train_score),
        contradictions=Contradictions(
            rows=1000,
            conflicting_rows=round(1000 * training.contradictions),
            groups=round(500 * training.contradictions),
        ),
    )


def _pairs(suite: str, role: Role, capability: str, counts: Counts, loaded: LoadedPolicy) -> Pairs:
    n = counts.samples
    if counts.lost > counts.right or counts.right + counts.gained > n:
        raise PolicyError(
            f"{capability}: {counts.lost} lost and {counts.gained} gained do not fit "
            f"{counts.right} right out of {n}.",
            "Correct the counts.",
        )
    kinds = ["right"] * (counts.right - counts.lost) + ["lost"] * counts.lost
    kinds += ["gained"] * counts.gained + ["wrong"] * (n - counts.right - counts.gained)
    # A stride that shares no factor with n visits every sample once and spreads each kind evenly.
    stride = next((s for s in range(max(1, int(n * 0.618)), n + 1) if math.gcd(s, n) == 1), 1)
    laid = [kinds[(i * stride) % n] for i in range(n)]
    return Pairs(
        suite=suite,
        role=role,
        capability=capability,
        metric="acc",
        chance=counts.chance,
        available=counts.available or n,
        sample_ids=tuple(f"{capability}/{i}" for i in range(n)),
        base=tuple(float(kind in ("right", "lost")) for kind in laid),
        candidate=tuple(float(kind in ("right", "gained")) for kind in laid),
    )
