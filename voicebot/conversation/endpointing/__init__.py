"""When a caller has ended: by the words so far, by what was asked, by the caller's own pauses. No clock, no I/O."""
