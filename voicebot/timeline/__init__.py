"""Draws a recorded call: what was said and heard, what the bot decided when, and how long everything took."""
