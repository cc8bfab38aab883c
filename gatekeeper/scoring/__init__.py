"""The torch wing: load a base, attach candidates, score lm-eval tasks with each arm."""
