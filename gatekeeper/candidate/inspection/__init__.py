"""What a candidate's files show before anything is loaded: no torch, no forward of the base."""
