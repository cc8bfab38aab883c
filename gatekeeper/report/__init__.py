"""Reports: evidence and verdict as people and machines read them. One file per format.

Nothing here decides or measures. Every text from an adapter or a model is treated as hostile; see
`visible_text.py`.
"""
