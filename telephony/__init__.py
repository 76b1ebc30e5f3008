"""SIP: the edge, the line workers and the calls. Knows nothing of dialogue or HTTP."""
