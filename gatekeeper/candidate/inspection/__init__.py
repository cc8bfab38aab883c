"""What the files of a candidate say before anything is loaded: no torch, no base forward."""
