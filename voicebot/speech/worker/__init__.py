"""The speech worker: the one process that holds the models, and the client the other processes talk to it with."""
