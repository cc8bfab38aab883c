"""Makers of the embedded forgetting suite, one module per capability. Run by build_suites.py."""
