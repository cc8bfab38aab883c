"""gatekeeper: decides whether a fine-tuned LLM adapter may go into service.

Importing this package imports nothing heavy; torch loads only when something is scored. The version
below is the only one: pyproject.toml reads it from here.
"""

__version__ = "0.1.0"
__all__ = ["__version__"]
