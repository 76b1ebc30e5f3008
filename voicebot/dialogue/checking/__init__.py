"""What is wrong with a bot, or likely to be, before anybody calls it."""

from voicebot.dialogue.checking.check import check_bot_file
from voicebot.dialogue.checking.finding import Finding, Severity

__all__ = ["Finding", "Severity", "check_bot_file"]
