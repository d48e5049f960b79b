"""Figures as Plotly's own JSON: thin renderers of what `data` prepares.

They are plain dicts, so that making one needs no package, and a page embeds it as it is.
"""
