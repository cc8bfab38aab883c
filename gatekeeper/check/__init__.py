"""The line of a check, from the request to the recorded evidence and verdict."""
