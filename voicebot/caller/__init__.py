"""A scripted caller over real SIP: rings the bot, listens, speaks recorded clips. For the demo, the bench and tests."""
