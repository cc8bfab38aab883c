"""Formats read without torch and safely from strangers, and files written whole."""
