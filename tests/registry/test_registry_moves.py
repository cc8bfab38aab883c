"""Promotion and rollback: what moves a channel, and what does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from registry_factory import BASE_DIGEST, NOW, adapter_folder, proof, record

from gatekeeper.digests import digest_json
from gatekeeper.errors import RegistryConflict, RegistryDamaged, RegistryError
from gatekeeper.registry import BASE, By, ChannelRules, Registry
from gatekeeper.registry.events import CheckRecorded, ForcePromoted, Promoted
from gatekeeper.verdict import Decision

BY = By("ana", NOW)


def checked(registry: Registry, tmp_path: Path, seed: int, **about: object) -> CheckRecorded:
    folder = adapter_folder(tmp_path / f"adapter-{seed}", seed)
    return record(registry, folder, **about)  # type: ignore[arg-type]


def serves(registry: Registry, channel: str = "production") -> str:
    return registry.state().channel(channel).serving.target


def test_a_promote_verdict_puts_the_adapter_into_service(
    registry: Registry, tmp_path: Path
) -> None:
    check = checked(registry, tmp_path, 1)
    event = registry.promote("production", check.check_id, by=BY)
    assert isinstance(event, Promoted)
    assert serves(registry) == check.candidate
    file = json.loads((registry.root / "channels" / "production.json").read_text())
    assert file["target"] == check.candidate
    assert file["sequence"] == event.sequence
    assert (Path(file["path"]) / "adapter_model.safetensors").is_file()
    assert registry.root / file["relative_path"] == registry.objects.path(check.candidate)


@pytest.mark.parametrize("decision", [Decision.HOLD, Decision.ESCALATE, Decision.REFUSED])
def test_no_other_verdict_promotes(registry: Registry, tmp_path: Path, decision: Decision) -> None:
    check = checked(registry, tmp_path, 1, decision=decision)
    with pytest.raises(RegistryError, match=decision.value):
        registry.promote("production", check.candidate, by=BY)
    assert serves(registry) == BASE


def test_an_unchecked_adapter_is_not_promoted(registry: Registry, tmp_path: Path) -> None:
    digest = registry.store_object(adapter_folder(tmp_path / "a"), "adapter")
    with pytest.raises(RegistryError, match="Nothing here is called"):
        registry.promote("production", digest, by=BY)


def test_an_imported_adapter_still_needs_a_check(registry: Registry, tmp_path: Path) -> None:
    folder = adapter_folder(tmp_path / "a")
    event = registry.record_import(folder, "adapter", name="foreign", source="hub", by=BY)
    with pytest.raises(RegistryError, match="never been checked"):
        registry.promote("production", event.candidate, by=BY)


def test_a_newer_hold_supersedes_an_older_promote_verdict(
    registry: Registry, tmp_path: Path
) -> None:
    old = checked(registry, tmp_path, 1)
    checked(registry, tmp_path, 1, decision=Decision.HOLD, created="later")
    with pytest.raises(RegistryError, match="superseded"):
        registry.promote("production", old.check_id, by=BY)
    with pytest.raises(RegistryError, match="hold"):
        registry.promote("production", old.candidate, by=BY)


def test_the_verdict_must_be_about_the_base_that_serves(registry: Registry, tmp_path: Path) -> None:
    check = checked(registry, tmp_path, 1)
    with pytest.raises(RegistryError, match="checked against base"):
        registry.promote("production", check.check_id, base_digest=digest_json("other"), by=BY)
    registry.promote("production", check.check_id, base_digest=BASE_DIGEST, by=BY)
    other = checked(registry, tmp_path, 2, base_digest=digest_json("other"))
    with pytest.raises(RegistryError, match="production runs on"):
        registry.promote("production", other.check_id, by=BY)


def test_force_needs_a_reason_and_is_another_event(registry: Registry, tmp_path: Path) -> None:
    check = checked(registry, tmp_path, 1, decision=Decision.HOLD)
    with pytest.raises(RegistryError, match="needs a reason"):
        registry.promote("production", check.check_id, force=True, by=BY)
    event = registry.promote(
        "production", check.check_id, force=True, by=By("ana", NOW, "demo day")
    )
    assert isinstance(event, ForcePromoted)
    assert "no promote verdict" in event.overridden
    assert registry.state().channel("production").serving.forced


def test_force_that_overrides_nothing_is_an_ordinary_promotion(
    registry: Registry, tmp_path: Path
) -> None:
    check = checked(registry, tmp_path, 1)
    event = registry.promote(
        "production", check.check_id, force=True, by=By("ana", NOW, "in a hurry")
    )
    assert isinstance(event, Promoted)


def test_force_overrides_neither_protection_nor_damage(registry: Registry, tmp_path: Path) -> None:
    check = checked(registry, tmp_path, 1, decision=Decision.HOLD)
    rules = ChannelRules(protected=("olga",))
    with pytest.raises(RegistryError, match="protected"):
        registry.promote(
            "production", check.check_id, force=True, rules=rules, by=By("ana", NOW, "x")
        )
    _damage(registry, check.candidate)
    with pytest.raises(RegistryDamaged, match="bytes of adapter_model"):
        registry.promote("production", check.check_id, force=True, by=By("ana", NOW, "x"))
    assert serves(registry) == BASE


def test_a_channel_takes_only_what_serves_on_the_one_before(
    registry: Registry, tmp_path: Path
) -> None:
    check = checked(registry, tmp_path, 1)
    rules = ChannelRules(source="staging")
    with pytest.raises(RegistryError, match="only accepts what staging serves"):
        registry.promote("production", check.check_id, rules=rules, by=BY)
    registry.promote("staging", check.check_id, by=BY)
    registry.promote("production", check.check_id, rules=rules, by=BY)
    assert serves(registry) == serves(registry, "staging") == check.candidate


def test_a_channel_counts_only_verdicts_of_its_policy(registry: Registry, tmp_path: Path) -> None:
    check = checked(registry, tmp_path, 1, policy_name="loose")
    rules = ChannelRules(policy="strict")
    with pytest.raises(RegistryError, match="never been checked under policy 'strict'"):
        registry.promote("production", check.candidate, rules=rules, by=BY)
    strict = checked(registry, tmp_path, 1, policy_name="strict", created="later")
    with pytest.raises(RegistryError, match="was made under policy 'loose'"):
        registry.promote("production", check.check_id, rules=rules, by=BY)
    event = registry.promote("production", check.candidate, rules=rules, by=BY)
    assert event.check_id == strict.check_id


def test_rollback_gives_back_what_served_before(registry: Registry, tmp_path: Path) -> None:
    first, second = (checked(registry, tmp_path, seed) for seed in (1, 2))
    for check in (first, second):
        registry.promote("production", check.check_id, by=BY)
    assert registry.rollback("production", by=BY).target == first.candidate
    assert registry.rollback("production", by=BY).target == BASE
    with pytest.raises(RegistryError, match="nothing to roll back"):
        registry.rollback("production", by=BY)


def test_rollback_skips_what_was_itself_rolled_back(registry: Registry, tmp_path: Path) -> None:
    first, second = (checked(registry, tmp_path, seed) for seed in (1, 2))
    registry.promote("production", first.check_id, by=BY)
    registry.promote("staging", first.check_id, by=BY)
    registry.promote("production", second.check_id, by=BY)
    registry.rollback("staging", by=BY)
    assert registry.rollback("production", by=BY).target == BASE


def test_rollback_goes_to_a_named_target(registry: Registry, tmp_path: Path) -> None:
    checks = [checked(registry, tmp_path, seed) for seed in (1, 2, 3)]
    for check in checks:
        registry.promote("production", check.check_id, by=BY)
    event = registry.rollback("production", to=checks[0].check_id, by=BY)
    assert event.target == checks[0].candidate
    assert event.before == checks[2].candidate
    assert registry.rollback("production", to="base", by=BY).target == BASE
    # The second was never rolled back itself, only passed over.
    assert registry.rollback("production", to=checks[1].candidate, by=BY).target == (
        checks[1].candidate
    )
    with pytest.raises(RegistryError, match="itself rolled back"):
        registry.rollback("production", to=checks[2].candidate, by=BY)


def test_rollback_only_goes_back(registry: Registry, tmp_path: Path) -> None:
    first, second = (checked(registry, tmp_path, seed) for seed in (1, 2))
    registry.promote("production", first.check_id, by=BY)
    with pytest.raises(RegistryError, match="never served"):
        registry.rollback("production", to=second.candidate, by=BY)


def test_what_was_rolled_back_needs_a_new_check(registry: Registry, tmp_path: Path) -> None:
    check = checked(registry, tmp_path, 1)
    registry.promote("production", check.check_id, by=BY)
    registry.rollback("production", by=BY)
    for wanted in (check.check_id, check.candidate):
        with pytest.raises(RegistryError, match="was rolled back"):
            registry.promote("production", wanted, by=BY)
    again = checked(registry, tmp_path, 1, created="later")
    assert registry.promote("production", again.check_id, by=BY).target == check.candidate


def test_a_damaged_target_is_not_rolled_back_to(registry: Registry, tmp_path: Path) -> None:
    first, second = (checked(registry, tmp_path, seed) for seed in (1, 2))
    for check in (first, second):
        registry.promote("production", check.check_id, by=BY)
    _damage(registry, first.candidate)
    with pytest.raises(RegistryDamaged, match="bytes of adapter_model") as refusal:
        registry.rollback("production", by=BY)
    assert "--to base" in str(refusal.value.hint)
    assert serves(registry) == second.candidate
    assert registry.rollback("production", to="base", by=BY).target == BASE


def test_checking_again_heals_a_damaged_snapshot(registry: Registry, tmp_path: Path) -> None:
    check = checked(registry, tmp_path, 1)
    _damage(registry, check.candidate)
    assert registry.objects.fault(check.candidate) is not None
    registry.store_object(tmp_path / "adapter-1", "adapter")
    assert registry.objects.fault(check.candidate, check.object_manifest) is None


def test_a_protected_channel_is_moved_by_its_users_only(registry: Registry, tmp_path: Path) -> None:
    check = checked(registry, tmp_path, 1)
    rules = ChannelRules(protected=("olga", "piet"))
    with pytest.raises(RegistryError, match="ana may not move it"):
        registry.promote("production", check.check_id, rules=rules, by=BY)
    registry.promote("production", check.check_id, rules=rules, by=By("olga", NOW))
    with pytest.raises(RegistryError, match="ana may not move it"):
        registry.rollback("production", rules=rules, by=BY)


def test_a_move_decided_on_stale_state_fails(registry: Registry, tmp_path: Path) -> None:
    first, second = (checked(registry, tmp_path, seed) for seed in (1, 2))
    seen = registry.state().channel("production").serving.sequence
    Registry.open(registry.root).promote("production", first.check_id, by=By("olga", NOW))
    with pytest.raises(RegistryConflict, match="olga moved it"):
        registry.promote("production", second.check_id, expected_sequence=seen, by=BY)
    assert serves(registry) == first.candidate


def test_a_retired_adapter_never_serves_again(registry: Registry, tmp_path: Path) -> None:
    first, second = (checked(registry, tmp_path, seed) for seed in (1, 2))
    registry.promote("production", first.check_id, by=BY)
    with pytest.raises(RegistryError, match="serves on production"):
        registry.retire(first.candidate, by=BY)
    registry.promote("production", second.check_id, by=BY)
    registry.retire(first.candidate, by=BY)
    for force in (False, True):
        with pytest.raises(RegistryError, match="is retired"):
            registry.promote("production", first.check_id, force=force, by=By("ana", NOW, "please"))
    assert registry.rollback("production", by=BY).target == BASE


def test_promoting_what_serves_already_changes_nothing(registry: Registry, tmp_path: Path) -> None:
    check = checked(registry, tmp_path, 1)
    registry.promote("production", check.check_id, by=BY)
    before = registry.state().sequence
    with pytest.raises(RegistryError, match="already serves"):
        registry.promote("production", check.check_id, force=True, by=By("ana", NOW, "again"))
    assert registry.state().sequence == before


@pytest.mark.parametrize("name", ["../production", "a/b", "", "Base", "base", "x\n", "x" * 65])
def test_a_channel_name_never_becomes_a_path(registry: Registry, name: str) -> None:
    with pytest.raises(RegistryError, match="is not a valid channel name"):
        registry.rollback(name, by=BY)


def test_a_proof_is_kept_with_the_channel(registry: Registry, tmp_path: Path) -> None:
    check = checked(registry, tmp_path, 1)
    registry.promote("production", check.check_id, by=BY)
    registry.rollback("production", by=BY)
    registry.record_proof("production", proof(), base_digest=BASE_DIGEST, by=BY)
    (kept,) = registry.state().channel("production").proofs
    assert kept.target == BASE
    assert kept.proof.identical


def test_a_number_that_is_not_finite_is_refused_not_written(
    registry: Registry, tmp_path: Path
) -> None:
    check = checked(registry, tmp_path, 1)
    infinite = proof().model_copy(update={"max_logit_difference": float("inf")})
    with pytest.raises(RegistryError, match="cannot be written as JSON"):
        registry.record_proof("production", infinite, base_digest=BASE_DIGEST, by=BY)
    with pytest.raises(RegistryError, match="factor"):
        registry.record_rescale(
            check.candidate, tmp_path / "adapter-1", factor=float("nan"), name="x", by=BY
        )
    assert registry.state().sequence == check.sequence


def _damage(registry: Registry, digest: str) -> None:
    path = registry.objects.path(digest) / "adapter_model.safetensors"
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
