"""Pairs to outcomes to a verdict. Pure: the same evidence and policy give the same verdict."""
