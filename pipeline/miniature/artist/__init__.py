"""The procedural artist: draws the character or the place that a set of tags describes, never the same one twice.

Only Pillow and numpy are used here; torch is not.
"""
