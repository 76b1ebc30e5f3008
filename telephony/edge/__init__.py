"""The edge: the one public SIP address, in front of the line workers."""

from telephony.edge.config import EdgeConfig, EdgeStats
from telephony.edge.dispatcher import Dispatcher
from telephony.edge.edge import Edge

__all__ = ["Dispatcher", "Edge", "EdgeConfig", "EdgeStats"]
