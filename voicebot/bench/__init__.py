"""Measurements over real SIP calls. Nothing here is claimed elsewhere that this did not print."""
