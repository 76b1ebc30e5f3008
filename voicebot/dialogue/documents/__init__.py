"""Documents that a bot answers from: read, cut into passages, indexed, and quoted."""

from voicebot.dialogue.documents.library import DocumentLibrary

__all__ = ["DocumentLibrary"]
