"""Language models: what is asked, how an answer streams in, and what of it can be spoken; no bots, no telephony."""
