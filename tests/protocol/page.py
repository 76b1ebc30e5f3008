"""The interface page's own example of an answer: first, second and last line, with the page's line numbers."""

IDS = '"sessionId": "3_f7de7ec487694bc7bf2f64cf309cbd8d","queryId": "7c0cd473-aba6-44e1-b84c-04890415cb9c",'

FIRST = (
    f'1{{{IDS} "answer": [{{"chunkId": 0,"status": "running","reply": {{"type": 1,"text": "我","audioUrl": null,'
    '"replySource": "CHITCHAT", "allowInterrupt": true, "allowSemanticInterruption": true}}], '
    '"identifyDuration": 800, "nodeSilentDurationSeconds": 1000}'
)
SECOND = (
    f'2{{{IDS} "answer": [{{"chunkId": 1,"status": "running","reply": {{"type": 1,"text": "呀","audioUrl": null,'
    '"replySource": "CHITCHAT", "allowInterrupt": true, "allowSemanticInterruption": true}}]}'
)
LAST = (
    f'16{{{IDS} "answer": [{{"chunkId": 15,"status": "done","reply": {{"type": 1,"text": "","audioUrl": null,'
    '"replySource": "CHITCHAT","allowInterrupt": true,"allowSemanticInterruption": true},'
    '"instruction": {"system_hangup": null,"system_shortmessage": {"mobile": "12345678",'
    '"signatureId": "47284801","templateId": "30340608"}}}]}'
)
LINES = (FIRST, SECOND, LAST)
