"""One call as a conversation: a core without I/O or clock, the playout, and the driver that binds them to a line."""
