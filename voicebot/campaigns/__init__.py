"""Calls that the bot makes: single ones, and campaigns through lists of numbers.

The rules (``schedule``, ``retry``, ``pacing``, ``breaker``, ``callers``, ``progress``) have no I/O and no clock.
``driver`` carries them out against the database; whoever can dial is behind ``driver.Line``.
"""
