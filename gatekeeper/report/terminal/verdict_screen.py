"""The verdict in a terminal: coloured and compact for people, plain and stable when piped.

Piped output is `key: value` lines and aligned ASCII; scripts should still prefer `--json`.
Nothing is printed as rich markup, so no text from outside can style or hide anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gatekeeper.digests import short
from gatekeeper.evidence import (
    CandidatePin,
    DetachProof,
    EffectProbe,
    Evidence,
    Finding,
    Severity,
)
from gatekeeper.phrases import count
from gatekeeper.report.terminal.plain_lines import plain_verdict
from gatekeeper.report.terminal.strip import scale_of, strip
from gatekeeper.report.visible_text import clip, one_line
from gatekeeper.report.wording import (
    MARKS,
    duration,
    estimate_text,
    headline,
    interval_text,
    limit_text,
    name_of,
    noise_text,
    outcome_word,
    percent,
    reason_texts,
    rules_of,
    verdict_word,
)
from gatekeeper.verdict import Decision, Outcome, RuleKind, RuleResult, Verdict
from gatekeeper.verdict.recorded_check import RecordedCheck

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["paragraph", "print_inspection", "print_verdict"]

_DECISION_STYLE = {
    Decision.PROMOTE: "bold green",
    Decision.HOLD: "bold yellow",
    Decision.ESCALATE: "bold blue",
    Decision.REFUSED: "bold red",
}
_OUTCOME_STYLE = {
    Outcome.PASS: "green",
    Outcome.FAIL: "red",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.NO_SIGNAL: "dim",
}
_SEVERITY = {
    Severity.INFO: ("i", "dim"),
    Severity.WARN: ("!", "yellow"),
    Severity.HOLD: ("✗", "yellow"),
    Severity.REFUSE: ("✗", "bold red"),
}
_NAME, _EXAMPLES, _MORE_EXAMPLES = 24, 2, 10


def print_verdict(
    console: Console,
    check: RecordedCheck,
    *,
    quiet: bool = False,
    verbose: bool = False,
    report_path: str | None = None,
) -> None:
    """Print one verdict. `quiet`: one line. `verbose`: findings, more flips, the environment."""
    if quiet:
        console.print(headline(check), highlight=False, markup=False, soft_wrap=True)
        return
    if not console.is_terminal:
        for line in plain_verdict(check, report_path):
            _line(console, line)
        return
    evidence, verdict = check.evidence, check.verdict
    _banner(console, evidence, verdict)
    _task(console, rules_of(verdict.rules, RuleKind.BAR, RuleKind.MIN_GAIN))
    _forgetting(console, verdict.rules)
    if verbose:
        _findings(console, evidence.findings)
    _examples(console, check, _MORE_EXAMPLES if verbose else _EXAMPLES)
    _next(console, verdict)
    _footer(console, check, report_path, verbose)


def print_inspection(
    console: Console,
    pin: CandidatePin,
    findings: Sequence[Finding],
    effect: EffectProbe | None = None,
    detach: DetachProof | None = None,
) -> None:
    """Print what inspection found about a candidate, without a verdict."""
    shape = [pin.kind, pin.peft_type or "", f"r={pin.rank}" if pin.rank is not None else ""]
    rows = [
        ("candidate", one_line(pin.name)),
        ("kind", " ".join(part for part in shape if part)),
        ("modules", ", ".join(one_line(name) for name in pin.target_modules) or "-"),
        ("parameters", f"{pin.parameters:,}" if pin.parameters is not None else "-"),
        ("digest", pin.digest),
        ("effect", _effect_text(effect)),
        ("detach", one_line(detach.text) if detach else "not proven here"),
    ]
    for key, value in rows:
        _line(console, f"{key + ':':<12}{value}", (key + ":", "bold"))
    if not findings:
        _line(console, "findings:   none", ("findings:", "bold"))
    for finding in findings:
        mark, style = _SEVERITY[finding.severity]
        label = f"{finding.severity.value}:" if not console.is_terminal else mark
        text = f"{label} {one_line(finding.text)} ({finding.code})"
        _line(console, text, (label, style))
        if finding.hint:
            _line(console, f"  next: {one_line(finding.hint)}", ("  next:", "bold"))


def _effect_text(effect: EffectProbe | None) -> str:
    if effect is None:
        return "not probed here"
    if not effect.finite:
        return "output is not finite"
    if not effect.changed:
        return "none: the logits are the same as the base's"
    off = "gone when off" if effect.off_identical else "NOT gone when off"
    return (
        f"on: logits move by up to {effect.max_logit_difference:.3g}, KL {effect.kl:.3g} nats "
        f"on {count(effect.prompts, 'prompt')}; {off}"
    )


def _line(console: Console, text: str, *styles: tuple[str, str]) -> None:
    """One line without markup; each (part, style) colours the first occurrence of the part."""
    from rich.text import Text

    rendered = Text(text, no_wrap=not console.is_terminal)
    for part, style in styles:
        start = text.find(part)
        if part and start >= 0:
            rendered.stylize(style, start, start + len(part))
    console.print(rendered, highlight=False, soft_wrap=not console.is_terminal)


def paragraph(console: Console, text: str, indent: int, style: str = "") -> None:
    """Wrapped text that keeps its indent."""
    from rich.text import Text

    for line in Text(text, style=style).wrap(console, max(20, console.width - indent - 1)):
        line.rstrip()
        console.print(Text(" " * indent) + line, highlight=False)


def _banner(console: Console, evidence: Evidence, verdict: Verdict) -> None:
    word = verdict_word(verdict)
    name = clip(one_line(evidence.candidate.name), 60)
    console.print()
    _line(
        console, f" {word}  {name}", (f" {word} ", _DECISION_STYLE[verdict.decision] + " reverse")
    )
    for text, blocking in reason_texts(verdict):
        paragraph(console, text, 3, "" if blocking else "dim")


def _task(console: Console, rules: Sequence[RuleResult]) -> None:
    if not rules:
        return
    console.print()
    change = f"  {percent(rules[0].base_score)} before, {percent(rules[0].candidate_score)} now"
    _line(console, " Did it learn?" + change, (" Did it learn?", "bold"), (change, "dim"))
    for rule in rules:
        word = f"{MARKS[rule.outcome]} {outcome_word(rule)}"
        _line(
            console,
            f"   {_fit(name_of(rule), _NAME)} {word:<14} {estimate_text(rule):>9} "
            f"{interval_text(rule):<15} {limit_text(rule)}",
            (word, _OUTCOME_STYLE[rule.outcome]),
        )


def _forgetting(console: Console, rules: Sequence[RuleResult]) -> None:
    kept = rules_of(rules, RuleKind.FORGETTING)
    other = rules_of(rules, RuleKind.FLIPS, RuleKind.KL)
    if not kept and not other:
        return
    console.print()
    title = " What did it lose?"
    legend = "  [-*-] interval, : margin, | no change" if kept else ""
    _line(console, title + legend, (title, "bold"), (legend, "dim"))
    scale = scale_of(kept)
    for rule in kept:
        word = f"{MARKS[rule.outcome]} {outcome_word(rule)}"
        _line(
            console,
            f"   {_fit(name_of(rule), 20)} {word:<14} {estimate_text(rule):>9} "
            f"{strip(rule, scale, 28)}",
            (word, _OUTCOME_STYLE[rule.outcome]),
        )
    for rule in other:
        word = f"{MARKS[rule.outcome]} {outcome_word(rule)}"
        _line(
            console,
            f"   {_fit(name_of(rule), _NAME)} {word:<14} {estimate_text(rule):>9} "
            f"{limit_text(rule)}",
            (word, _OUTCOME_STYLE[rule.outcome]),
        )


def _findings(console: Console, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    console.print()
    _line(console, " Findings", (" Findings", "bold"))
    for finding in findings:
        mark, style = _SEVERITY[finding.severity]
        paragraph(console, f"{mark} {one_line(finding.text)}", 3, style)


def _examples(console: Console, check: RecordedCheck, most: int) -> None:
    failed = {rule.capability for rule in check.verdict.rules if rule.outcome is Outcome.FAIL}
    lost = [s for s in check.samples if s.flip == "lost" and s.capability in failed][:most]
    if not lost:
        return
    console.print()
    _line(console, " For example", (" For example", "bold"))
    room = max(40, console.width - 14)
    for sample in lost:
        _line(
            console,
            f"   {_fit(sample.capability, 30).strip()}  {_fit(sample.sample_id, 40).strip()}",
        )
        for label, text in (
            ("question", sample.question),
            ("base", sample.base_answer),
            ("now", sample.candidate_answer),
        ):
            _line(console, f"     {label:<9}{_tail(one_line(text), room)}", (label, "dim"))
    paragraph(console, noise_text(check.evidence), 3, "dim")


def _next(console: Console, verdict: Verdict) -> None:
    step = verdict.next_step
    console.print()
    _line(console, " Next", (" Next", "bold"))
    paragraph(console, one_line(step.text), 3)
    if step.command:
        _line(console, f"   $ {one_line(step.command)}", (one_line(step.command), "cyan"))
    if step.config:
        import yaml

        for line in yaml.safe_dump(step.config, sort_keys=False).splitlines():
            _line(console, f"   {one_line(line) if line.strip() == line else line}")


def _footer(console: Console, check: RecordedCheck, report_path: str | None, verbose: bool) -> None:
    evidence, verdict, cost = check.evidence, check.verdict, check.evidence.cost
    total = cost.samples_scored + cost.samples_cached
    parts = [
        check.check_id,
        f"policy {one_line(verdict.policy_name)}",
        f"base {short(evidence.base.digest)}",
        f"{count(total, 'score')} ({cost.samples_cached:,} cached) in {duration(cost.seconds)}",
    ]
    console.print()
    paragraph(console, " · ".join(parts), 1, "dim")
    if report_path:
        _line(console, f" Report: {one_line(report_path)}")
    if verbose:
        versions = " ".join(f"{k} {v}" for k, v in sorted(evidence.environment.versions.items()))
        here = evidence.environment
        text = f"{here.device} · python {here.python} · {versions} · seed {evidence.sampling.seed}"
        paragraph(console, f"{text} · exit code {int(verdict.exit_code)}", 1, "dim")


def _fit(text: str, width: int) -> str:
    text = one_line(text)
    return f"{text[: width - 1]}…" if len(text) > width else f"{text:<{width}}"


def _tail(text: str, width: int) -> str:
    """The end of a long text: a prompt's question is at its end."""
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :]
