"""A candidate from outside: read, judged and weighed from its files alone. No torch."""
