"""What an utterance means, learnt from all examples of a bot at once.

``Background`` is what every bot of a language knows, ``Classifier`` adds what one bot knows.
"""

from voicebot.dialogue.classifier.background import Background, background_of, is_learnt
from voicebot.dialogue.classifier.classifier import Classifier, Likelihood

__all__ = ["Background", "Classifier", "Likelihood", "background_of", "is_learnt"]
