"""The policy: what a check must show before an adapter goes into service. Data, never code."""

from gatekeeper.policy.policy import Budget, ForgettingRule, Policy, TaskRule
from gatekeeper.policy.policy_file import (
    BUILTIN_FOLDER,
    LoadedPolicy,
    builtin_policies,
    load_policy,
    policy_from_text,
    policy_schema,
)

__all__ = [
    "BUILTIN_FOLDER",
    "Budget",
    "ForgettingRule",
    "LoadedPolicy",
    "Policy",
    "TaskRule",
    "builtin_policies",
    "load_policy",
    "policy_from_text",
    "policy_schema",
]
