"""Skills: what a bot can look up or do; Python functions in processes of their own, and HTTP endpoints.

This package file stays free of imports: every skill process starts through it.
"""
