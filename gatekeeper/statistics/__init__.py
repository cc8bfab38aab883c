"""Paired intervals, sequential tests, power: pure functions over arrays."""
