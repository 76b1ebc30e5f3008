"""What a line worker and the edge say to each other about a call that is tried again at the next peer."""

from __future__ import annotations

AGAIN_HEADER = "X-Voicebot-Again"
"""In the INVITE: the Call-ID of the attempt before this one. It never leaves the machine."""
NO_OTHER = "No Other Peer"
"""The reason phrase of a 503 by which the edge says that there is nobody left to try."""
