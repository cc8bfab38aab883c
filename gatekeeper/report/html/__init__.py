"""The HTML report of one check, and the site of a whole registry."""
