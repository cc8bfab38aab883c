"""Reports: evidence and verdict as people and machines read them. One file per format.

Nothing here decides or measures. Every text that came from an adapter or a model is hostile; see
`visible_text.py`.
"""
