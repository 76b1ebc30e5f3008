"""What outlives a call: text messages to send and the blacklist, in a database; and the spool in front of it.

Importing this package imports no database library: line workers use ``spool`` and stay small.
"""
