"""Supervisors of calls: who hears whom, and how a supervision goes. No I/O and no clock in here."""
