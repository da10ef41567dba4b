"""Plain functions on plain data that turn judgments into datasets.

Nothing below imports Django, so a notebook can use it and its tests need no database.
"""
