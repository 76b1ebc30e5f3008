"""How well bots understand callers: labelled turns, what the engine decides on them, and what others would."""
