"""What `gate` prints for people."""
