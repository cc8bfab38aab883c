"""Formats read without torch, safely even when untrusted, and files written atomically."""
