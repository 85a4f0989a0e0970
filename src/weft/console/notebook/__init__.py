"""In Jupyter: HTML, progress, and cells that are run again."""
