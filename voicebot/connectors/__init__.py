"""Brains behind one seam: the client of the custom-robot interface, and others to come."""

from voicebot.connectors.base import Brain
from voicebot.connectors.custom_robot import CustomRobotBrain

__all__ = ["Brain", "CustomRobotBrain"]
