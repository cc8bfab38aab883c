"""What is kept: evidence, snapshots, names, lineage, history; verified and collected."""

from __future__ import annotations

from pathlib import Path

import pytest
from registry_factory import (
    BASE_DIGEST,
    DATASET_DIGEST,
    NOW,
    TASK_SUITE,
    adapter_folder,
    digest_of,
    evidence,
    policy_text,
    record,
    sample_records,
    verdict,
)

from gatekeeper.digests import digest_json
from gatekeeper.errors import AdapterRefused, RegistryDamaged, RegistryError
from gatekeeper.evidence import Evidence
from gatekeeper.registry import By, Registry
from gatekeeper.registry.standing import Redecide
from gatekeeper.registry.verify import Damage
from gatekeeper.verdict import Decision, PastCheck, Verdict
from gatekeeper.verdict.recorded_check import RecordedCheck

BY = By("ana", NOW)


def verified(registry: Registry, redecide: Redecide) -> list[Damage]:
    registry.redecide = redecide
    return registry.verify()


def test_a_check_comes_back_as_it_was_recorded(registry: Registry, tmp_path: Path) -> None:
    folder = adapter_folder(tmp_path / "a")
    about = evidence(registry.store_object(folder, "adapter"))
    decided = verdict(about)
    event = registry.record_check(
        about, decided, sample_records(3), policy_text(), name="triage", by=BY
    )
    again = Registry.open(registry.root)
    kept = again.load_check(event.check_id)
    assert kept == RecordedCheck(event.check_id, about, decided, policy_text())
    assert kept.samples == tuple(sample_records(3))


def test_recording_a_check_twice_keeps_one_event(registry: Registry, tmp_path: Path) -> None:
    folder = adapter_folder(tmp_path / "a")
    first = record(registry, folder)
    assert record(registry, folder) == first
    assert registry.state().sequence == 1


def test_a_recorded_check_never_changes(registry: Registry, tmp_path: Path) -> None:
    folder = adapter_folder(tmp_path / "a")
    record(registry, folder)
    with pytest.raises(RegistryError, match="already recorded"):
        record(registry, folder, policy_name="strict")


def test_a_verdict_about_other_evidence_is_not_recorded(registry: Registry, tmp_path: Path) -> None:
    digest = registry.store_object(adapter_folder(tmp_path / "a"), "adapter")
    about, other = evidence(digest), evidence(digest, created="later")
    with pytest.raises(RegistryError, match="about different evidence"):
        registry.record_check(about, verdict(other), [], policy_text(), name="a", by=BY)


def test_a_verdict_under_another_policy_is_not_recorded(registry: Registry, tmp_path: Path) -> None:
    about = evidence(registry.store_object(adapter_folder(tmp_path / "a"), "adapter"))
    with pytest.raises(RegistryError, match="a different policy"):
        registry.record_check(about, verdict(about), [], policy_text(bar=0.1), name="a", by=BY)
    with pytest.raises(RegistryError, match="cannot be read back"):
        registry.record_check(about, verdict(about), [], "name: [", name="a", by=BY)


def test_a_promote_verdict_without_a_snapshot_is_not_recorded(
    registry: Registry, tmp_path: Path
) -> None:
    about = evidence(digest_of(adapter_folder(tmp_path / "a")))
    with pytest.raises(RegistryError, match="no snapshot"):
        registry.record_check(about, verdict(about), [], policy_text(), name="a", by=BY)
    assert registry.state().sequence == 0


def test_changed_evidence_is_never_loaded(registry: Registry, tmp_path: Path) -> None:
    check = record(registry, adapter_folder(tmp_path / "a"))
    path = registry.evidence.path(check.check_id) / "evidence.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace("doc-1", "doc-2", 1))
    with pytest.raises(RegistryDamaged, match="was changed"):
        registry.load_check(check.check_id)


def test_the_snapshot_is_the_copy_not_the_source(registry: Registry, tmp_path: Path) -> None:
    folder = adapter_folder(tmp_path / "a", seed=1)
    digest = registry.store_object(folder, "adapter")
    adapter_folder(folder, seed=2)
    assert digest_of(registry.objects.path(digest)) == digest != digest_of(folder)


def test_only_config_and_weights_are_snapshotted(registry: Registry, tmp_path: Path) -> None:
    folder = adapter_folder(tmp_path / "a")
    (folder / "training_args.bin").write_bytes(b"pickle")
    (folder / "README.md").write_text("hello")
    digest = registry.store_object(folder, "adapter")
    assert sorted(path.name for path in registry.objects.path(digest).iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "manifest.json",
    ]
    assert all(p.stat().st_mode & 0o222 == 0 for p in registry.objects.path(digest).iterdir())


def test_a_link_out_of_the_folder_is_not_snapshotted(registry: Registry, tmp_path: Path) -> None:
    folder = adapter_folder(tmp_path / "a")
    weights = folder / "adapter_model.safetensors"
    weights.rename(tmp_path / "elsewhere.safetensors")
    weights.symlink_to(tmp_path / "elsewhere.safetensors")
    with pytest.raises(AdapterRefused):
        registry.store_object(folder, "adapter")
    assert registry.objects.digests() == []


def test_what_cannot_be_read_whole_is_not_snapshotted(registry: Registry, tmp_path: Path) -> None:
    folder = adapter_folder(tmp_path / "a")
    (folder / "adapter_config.json").write_text("{")
    with pytest.raises(AdapterRefused, match=r"adapter_config\.json cannot be read"):
        registry.store_object(folder, "adapter")
    assert registry.objects.digests() == []


def test_a_file_added_to_a_snapshot_is_found(registry: Registry, tmp_path: Path) -> None:
    check = record(registry, adapter_folder(tmp_path / "a"))
    (registry.objects.path(check.candidate) / "modeling_evil.py").write_text("import os")
    assert "modeling_evil.py" in str(registry.objects.fault(check.candidate))
    with pytest.raises(RegistryDamaged, match=r"modeling_evil\.py"):
        registry.promote("production", check.check_id, by=BY)


def test_a_consistently_forged_snapshot_is_found(registry: Registry, tmp_path: Path) -> None:
    """Files and manifest both replaced: the log still names the manifest that was stored."""
    from gatekeeper.registry.object_store import ObjectStore

    check = record(registry, adapter_folder(tmp_path / "a", seed=1))
    forged = adapter_folder(tmp_path / "forged", seed=2)
    target = registry.objects.path(check.candidate)
    for path in target.iterdir():
        path.unlink()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (target / name).write_bytes((forged / name).read_bytes())
    ObjectStore(target.parent)._seal_copy(target, "adapter", check.candidate)
    assert registry.objects.fault(check.candidate) is None
    assert "a different manifest" in str(
        registry.objects.fault(check.candidate, check.object_manifest)
    )
    with pytest.raises(RegistryDamaged, match="a different manifest"):
        registry.promote("production", check.check_id, by=BY)
    assert len(registry.verify()) == 1


# Names


def test_names_stand_for_digests_and_checks(registry: Registry, tmp_path: Path) -> None:
    first, second = (
        record(registry, adapter_folder(tmp_path / f"a{seed}", seed)) for seed in (1, 2)
    )
    registry.promote("production", first.check_id, by=BY)
    hexadecimal = second.candidate.removeprefix("sha256:")
    means = {
        "triage-r2": second.candidate,
        "triage-r2@1": first.candidate,
        "triage-r2@2": second.candidate,
        "production": first.candidate,
        second.candidate: second.candidate,
        hexadecimal[:10]: second.candidate,
        "sha256:" + hexadecimal[:10]: second.candidate,
        first.check_id: first.check_id,
        first.check_id[:8]: first.check_id,
        "base": "base",
    }
    assert {name: registry.resolve(name) for name in means} == means


@pytest.mark.parametrize(
    ("name", "said"),
    [("triage-r3", "Did you mean triage-r2"), ("triage-r2@9", "triage-r2@1"), ("zz", "gate log")],
)
def test_an_unknown_name_gets_a_suggestion(
    registry: Registry, tmp_path: Path, name: str, said: str
) -> None:
    record(registry, adapter_folder(tmp_path / "a"))
    with pytest.raises(RegistryError) as refusal:
        registry.resolve(name)
    assert said in str(refusal.value.hint)


def test_a_name_that_is_also_a_channel_must_be_said_better(
    registry: Registry, tmp_path: Path
) -> None:
    first = record(registry, adapter_folder(tmp_path / "a1", 1))
    record(registry, adapter_folder(tmp_path / "a2", 2), name="production")
    registry.promote("production", first.check_id, by=BY)
    with pytest.raises(RegistryError, match="is ambiguous"):
        registry.resolve("production")


# History and lineage


def test_past_checks_are_those_of_the_same_base_suites_and_data(
    registry: Registry, tmp_path: Path
) -> None:
    same = record(registry, adapter_folder(tmp_path / "a1", 1), samples=40)
    record(registry, adapter_folder(tmp_path / "a2", 2), base_digest=digest_json("other"))
    record(registry, adapter_folder(tmp_path / "a3", 3), dataset_digest=digest_json("other"))
    (past,) = registry.past_checks(BASE_DIGEST, [TASK_SUITE.digest], DATASET_DIGEST)
    assert past.check_id == same.check_id
    assert past.task_score == pytest.approx(0.95)
    assert [(task.rule, task.score) for task in past.tasks] == [
        ("task.triage.bar", pytest.approx(0.95))
    ]
    assert past.forgetting_passed
    assert past.training_sound
    assert registry.past_checks(BASE_DIGEST, [digest_json("other")], DATASET_DIGEST) == ()
    assert registry.past_checks(BASE_DIGEST, [TASK_SUITE.digest], None) == ()


def test_lineage_runs_from_the_base_to_what_became_of_it(
    registry: Registry, tmp_path: Path
) -> None:
    first = record(registry, adapter_folder(tmp_path / "a1", 1), decision=Decision.ESCALATE)
    second = record(
        registry, adapter_folder(tmp_path / "a2", 2), name="r16", escalated_from=first.check_id
    )
    made = registry.record_rescale(
        second.candidate,
        adapter_folder(tmp_path / "a3", 3),
        factor=0.8,
        name="r16-softer",
        by=BY,
    )
    registry.promote("production", second.check_id, by=BY)
    registry.rollback("production", by=By("ana", NOW, "angry users"))
    tree = registry.lineage(second.check_id)
    spine = [node.kind for node in tree.walk()]
    assert spine[:5] == ["base", "dataset", "run", "adapter", "check"]
    by_id = {node.id: node for node in tree.walk()}
    assert by_id[second.candidate].link == f"escalated from ({first.check_id})"
    assert by_id[made.result].link == "rescaled from (by 0.8)"
    assert by_id[second.check_id].focus
    assert [n.kind for n in by_id[second.candidate].children] == [
        "check",
        "promotion",
        "rollback",
        "adapter",
    ]
    assert [n.label for n in by_id[second.candidate].children][1:3] == [
        "promoted to production",
        "rolled back from production, to base",
    ]
    assert "rolled back" in str(by_id[second.candidate].note)
    assert registry.lineage(made.result).walk()


def test_lineage_of_a_circle_ends(registry: Registry, tmp_path: Path) -> None:
    """Manifests are written by users: two that name each other must not hang anything."""
    folders = [adapter_folder(tmp_path / f"a{seed}", seed) for seed in (1, 2)]
    digests = [digest_of(folder) for folder in folders]
    for folder, parent in zip(folders, reversed(digests), strict=True):
        record(registry, folder, name=folder.name, parent=parent)
    found = {node.id for node in registry.lineage(digests[0]).walk() if node.kind == "adapter"}
    assert found == set(digests)


def test_an_ancestor_that_is_not_here_is_named(registry: Registry, tmp_path: Path) -> None:
    parent = digest_json("somewhere else")
    check = record(registry, adapter_folder(tmp_path / "a"), parent=parent)
    node = next(n for n in registry.lineage(check.candidate).walk() if n.id == parent)
    assert node.note == "not in this registry"


# Verification and collection


def test_verify_finds_nothing_in_a_sound_registry(registry: Registry, tmp_path: Path) -> None:
    check = record(registry, adapter_folder(tmp_path / "a"))
    registry.promote("production", check.check_id, by=BY)
    assert registry.verify() == []


def test_verify_decides_again(registry: Registry, tmp_path: Path) -> None:
    check = record(registry, adapter_folder(tmp_path / "a"))

    def harsher(about: Evidence, policy: str, history: tuple[PastCheck, ...]) -> Verdict:
        assert policy == policy_text()
        return verdict(about, Decision.HOLD)

    assert verified(registry, lambda about, policy, history: verdict(about)) == []
    (damage,) = verified(registry, harsher)
    assert damage.path == f"evidence/{check.check_id}"
    assert "it now yields hold" in damage.text


def test_a_verdict_that_decide_made_is_found_whole(registry: Registry, tmp_path: Path) -> None:
    """The kept policy has its `extends` resolved, so lines of the user's file mean nothing."""
    from gatekeeper.decision.decide import decide, redecide
    from gatekeeper.policy import load_policy

    file = tmp_path / "policy.yaml"
    file.write_text("# a comment\n\n" + policy_text())
    about = evidence(registry.store_object(adapter_folder(tmp_path / "a"), "adapter"), samples=200)
    loaded = load_policy(str(file))
    decided = decide(about, loaded)
    assert any(rule.policy_line for rule in decided.rules)
    event = registry.record_check(about, decided, [], loaded.text, name="a", by=BY)
    assert verified(registry, redecide) == []

    better = decided.rules[0].model_copy(update={"estimate": 0.5})
    forged = decided.model_copy(update={"rules": (better, *decided.rules[1:])})
    other = evidence(about.candidate.digest, samples=200, created="later")
    forged = forged.model_copy(update={"evidence_digest": other.digest})
    event = registry.record_check(other, forged, [], loaded.text, name="a", by=BY)
    (damage,) = verified(registry, redecide)
    assert damage.path == f"evidence/{event.check_id}"
    assert "differs in estimate" in damage.text


def test_a_verdict_worded_by_an_earlier_version_is_found_whole(
    registry: Registry, tmp_path: Path
) -> None:
    from gatekeeper.decision.decide import decide, redecide
    from gatekeeper.policy import load_policy

    digest = registry.store_object(adapter_folder(tmp_path / "a"), "adapter")
    about = evidence(digest, samples=40)
    file = tmp_path / "policy.yaml"
    file.write_text(policy_text())
    loaded = load_policy(str(file))
    decided = decide(about, loaded)
    assert any("rule_text" in reason.params for reason in decided.reasons)
    reasons = tuple(
        reason.model_copy(
            update={"params": reason.params | dict.fromkeys(reason.params.keys() & {"rule_text"})}
        )
        for reason in decided.reasons
    )
    step = decided.next_step.model_copy(update={"text": "In other words."})
    worded = decided.model_copy(update={"reasons": reasons, "next_step": step})
    registry.record_check(about, worded, [], loaded.text, name="a", by=BY)
    assert verified(registry, redecide) == []

    later = evidence(about.candidate.digest, samples=40, created="later")
    fewer = worded.model_copy(update={"reasons": reasons[:-1], "evidence_digest": later.digest})
    registry.record_check(later, fewer, [], loaded.text, name="a", by=BY)
    (damage,) = verified(registry, redecide)
    assert "differs in reasons" in damage.text


def test_gc_keeps_what_a_channel_or_a_check_needs(registry: Registry, tmp_path: Path) -> None:
    kept = record(registry, adapter_folder(tmp_path / "a1", 1))
    served = record(registry, adapter_folder(tmp_path / "a2", 2))
    retired = record(registry, adapter_folder(tmp_path / "a3", 3))
    orphan = registry.store_object(adapter_folder(tmp_path / "a4", 4), "adapter")
    registry.promote("production", served.check_id, by=BY)
    registry.rollback("production", by=BY)
    for check in (served, retired):
        registry.retire(check.check_id, by=BY)
    planned = registry.gc(dry_run=True, min_age=0)
    assert len(registry.objects.digests()) == 4
    assert registry.gc(min_age=0) == planned
    assert {c.path.name for c in planned} == {
        digest.removeprefix("sha256:") for digest in (retired.candidate, orphan)
    }
    assert set(registry.objects.digests()) == {kept.candidate, served.candidate}
    assert registry.verify() == []


def test_gc_leaves_young_snapshots_to_their_writers(registry: Registry, tmp_path: Path) -> None:
    registry.store_object(adapter_folder(tmp_path / "a"), "adapter")
    assert registry.gc() == []
    assert len(registry.objects.digests()) == 1


def test_a_collected_snapshot_is_not_promoted(registry: Registry, tmp_path: Path) -> None:
    check = record(registry, adapter_folder(tmp_path / "a"))
    for path in registry.objects.path(check.candidate).iterdir():
        path.unlink()
    registry.objects.path(check.candidate).rmdir()
    with pytest.raises(RegistryDamaged, match="is missing"):
        registry.promote("production", check.check_id, by=BY)
