"""The line: SIP calls through pjsua2, as call legs for the conversation.

pjsua2 allows one library instance in a process and aborts the process when it is used from a thread it does
not know, so everything that touches it runs on one thread (``endpoint.SipThread``), and the rest of the
package exchanges plain values with it.
"""
