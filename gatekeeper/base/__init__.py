"""The base model: where it is, and what exactly it is."""
