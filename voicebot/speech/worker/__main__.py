"""Run the speech worker: ``python -m voicebot.speech.worker``, its order on the first line of stdin."""

from voicebot.speech.worker.process import main

raise SystemExit(main())
