"""Sends the text messages of the outbox: who sends them, and when to try again."""
