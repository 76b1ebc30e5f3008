"""Recognition: utterances to text with Whisper."""
