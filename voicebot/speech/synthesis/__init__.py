"""The bot's voice: text made speakable, split into clauses, rendered by Piper or Kokoro, and kept on disk."""
