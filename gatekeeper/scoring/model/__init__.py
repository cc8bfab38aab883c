"""The model itself: loaded, attached to, and proven to be the base again."""
