"""Bots: sessions, flows with nodes, FAQ and intents by meaning; no audio, no HTTP."""

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.botfile import load_bot, load_bots
from voicebot.dialogue.engine import Engine
from voicebot.dialogue.prompts import fixed_prompts
from voicebot.dialogue.vectors import Encoder, UseEncoder

__all__ = ["Bot", "Encoder", "Engine", "UseEncoder", "fixed_prompts", "load_bot", "load_bots"]
