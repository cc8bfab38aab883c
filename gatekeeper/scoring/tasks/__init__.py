"""The bridge to lm-eval: its tasks, prompts, requests and metrics."""
