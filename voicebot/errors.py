"""The one error tree. Every error has a stable ``code``; people grep for it and programs branch on it.

* VoicebotError
    * ConfigError            a setting, a bot file or an option is wrong        config
    * ModelError             a model is missing, corrupt or cannot be fetched   model
        * UnknownModelError                                                     model_unknown
        * DownloadError                                                         model_download
        * ChecksumError                                                         model_checksum
    * ProtocolError          a message of the dialogue interface is malformed   protocol
        * UnknownSessionError  a query goes on with a session that is over      unknown_session
    * BrainError             the dialogue engine did not answer properly        brain
        * BrainTimeoutError                                                     brain_timeout
        * BrainUnavailableError   it did not take the query                      brain_unavailable
            * BrainCircuitOpenError   it failed so often that it is left alone   brain_circuit_open
        * BrainSessionLostError   it does not know the session                   brain_session_lost
    * SkillError             a skill of a bot failed                            skill
        * SkillTimeoutError  it took too long                                   skill_timeout
        * SkillArgumentError  a parameter is missing or of the wrong type       skill_argument
    * ModelReplyError        a language model did not answer properly           language_model
        * ModelReplyTimeoutError   it did not answer in time                     language_model_timeout
    * SpeechError            recognition or synthesis failed                    speech
        * RecognitionError                                                      speech_recognition
            * RecogniserBusyError   a preview was asked for, and others wait    speech_busy
        * SynthesisError                                                        speech_synthesis
        * SpeechWorkerLostError   the process with the models went away         speech_worker_lost
        * AudioFileError     an audio file cannot be fetched or decoded         speech_audio
            * AudioBlockedError   it lies where we do not fetch from            speech_audio_blocked
    * TelephonyError         SIP or media failed                                telephony
        * PortInUseError                                                        telephony_port_in_use
        * SipMessageError    a SIP message is malformed                         telephony_sip_message
        * TransferError                                                         telephony_transfer
    * StorageError           the database cannot be used                        storage
    * NumberBlockedError     a number that nobody may dial                      blacklisted
    * InvalidNumberError     what is to be dialled is no telephone number       invalid_number
    * CampaignError          a campaign cannot do what was asked                campaign
        * UnknownCampaignError                                                  unknown_campaign
        * CampaignStateError    not in the state that it is in                  campaign_state
        * PlanError             its plan is wrong                               campaign_plan
        * SheetError            a list of numbers cannot be read                campaign_sheet
    * UnknownCallError       no outgoing call has that id                       unknown_call
    * SupervisionError       a supervisor cannot do what was asked              supervision
        * UnknownSupervisorError   nobody of that id is in the call             unknown_supervisor
        * CallStateError     the call is in a state that does not allow it      call_state
        * SupervisorLimitError   there are as many as may be in one call        too_many_supervisors
        * NoRoomError        the line worker of the call carries no more        no_room
        * CallLostError      the line worker of the call does not answer        call_lost
    * TimelineError          the log of a recorded call is missing or damaged   timeline
    * MessageError           a text message was not sent                        message
        * MessageDelayedError    trying again may help                          message_delayed
        * MessageRefusedError    trying again will not help                     message_refused
"""

from __future__ import annotations


class VoicebotError(Exception):
    """Root of all errors this project raises on purpose.

    Attributes:
        code: stable, machine-readable name of the situation.
        message: one plain sentence for whoever can act on it.
    """

    code = "voicebot"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConfigError(VoicebotError):
    """A setting, a bot file or a command-line option is wrong."""

    code = "config"


class ModelError(VoicebotError):
    """A model is missing, corrupt or cannot be fetched."""

    code = "model"


class UnknownModelError(ModelError):
    """No model of that name stands in the manifest."""

    code = "model_unknown"


class DownloadError(ModelError):
    """No source of a model file could be fetched."""

    code = "model_download"


class ChecksumError(ModelError):
    """A model file does not have the checksum the manifest demands."""

    code = "model_checksum"


class ProtocolError(VoicebotError):
    """A message of the dialogue interface is malformed.

    Attributes:
        field: dotted name of the offending field, or "" if the message as a whole is wrong.
    """

    code = "protocol"

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class UnknownSessionError(ProtocolError):
    """A query wants to go on with a session that was ours and is over: expired, or lost with a restart."""

    code = "unknown_session"


class BrainError(VoicebotError):
    """The dialogue engine did not answer properly."""

    code = "brain"


class BrainTimeoutError(BrainError):
    """The dialogue engine did not answer in time."""

    code = "brain_timeout"


class BrainUnavailableError(BrainError):
    """The dialogue engine cannot be reached or refuses to answer: it did not take the query."""

    code = "brain_unavailable"


class BrainCircuitOpenError(BrainUnavailableError):
    """The dialogue engine failed so often that it is left alone for a while."""

    code = "brain_circuit_open"


class BrainSessionLostError(BrainError):
    """The dialogue engine does not know the session of the query any more."""

    code = "brain_session_lost"


class SkillError(VoicebotError):
    """A skill of a bot failed.

    Attributes:
        detail: what the skill itself says of it; it may quote what a caller said, so it is for no log.
    """

    code = "skill"

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class SkillTimeoutError(SkillError):
    """A skill took too long."""

    code = "skill_timeout"


class SkillArgumentError(SkillError):
    """A parameter of a skill is missing or of the wrong type."""

    code = "skill_argument"


class ModelReplyError(VoicebotError):
    """A language model did not answer properly, or is left alone for a while."""

    code = "language_model"


class ModelReplyTimeoutError(ModelReplyError):
    """A language model did not answer in time."""

    code = "language_model_timeout"


class SpeechError(VoicebotError):
    """Recognition or synthesis failed."""

    code = "speech"


class RecognitionError(SpeechError):
    """An utterance could not be transcribed."""

    code = "speech_recognition"


class RecogniserBusyError(RecognitionError):
    """A preview was asked for while the recogniser is needed for other things: do without."""

    code = "speech_busy"


class SynthesisError(SpeechError):
    """A text could not be spoken."""

    code = "speech_synthesis"


class SpeechWorkerLostError(SpeechError):
    """The process that holds the models went away in the middle of a request."""

    code = "speech_worker_lost"


class AudioFileError(SpeechError):
    """An audio file cannot be fetched or decoded, or is too long."""

    code = "speech_audio"


class AudioBlockedError(AudioFileError):
    """An audio file lies where none may be fetched from: an internal address, or no web address at all."""

    code = "speech_audio_blocked"


class TelephonyError(VoicebotError):
    """SIP or media failed."""

    code = "telephony"


class PortInUseError(TelephonyError):
    """A port that the service needs is taken by another program."""

    code = "telephony_port_in_use"


class SipMessageError(TelephonyError):
    """A SIP message is malformed.

    Attributes:
        status: the SIP status code that answers it (400, 416, 420, 505, …).
    """

    code = "telephony_sip_message"

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class TransferError(TelephonyError):
    """A call could not be handed over."""

    code = "telephony_transfer"


class StorageError(VoicebotError):
    """The database cannot be used."""

    code = "storage"


class NumberBlockedError(VoicebotError):
    """A number is on the blacklist: nobody may dial it."""

    code = "blacklisted"


class InvalidNumberError(VoicebotError):
    """What is to be dialled is no telephone number. The message says why, without the number."""

    code = "invalid_number"


class CampaignError(VoicebotError):
    """A campaign cannot do what was asked of it."""

    code = "campaign"


class UnknownCampaignError(CampaignError):
    """There is no campaign of that name."""

    code = "unknown_campaign"


class CampaignStateError(CampaignError):
    """A campaign cannot do that in the state that it is in."""

    code = "campaign_state"


class PlanError(CampaignError):
    """The plan of a campaign is wrong.

    Attributes:
        field: dotted name of what is wrong in it, "" if it is the whole plan.
    """

    code = "campaign_plan"

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class SheetError(CampaignError):
    """A list of numbers cannot be read at all; single bad rows are no error but reported."""

    code = "campaign_sheet"


class UnknownCallError(VoicebotError):
    """There is no outgoing call of that id, nor any call that is up."""

    code = "unknown_call"


class SupervisionError(VoicebotError):
    """A supervisor cannot do what was asked."""

    code = "supervision"


class UnknownSupervisorError(SupervisionError):
    """Nobody of that id supervises the call."""

    code = "unknown_supervisor"


class CallStateError(SupervisionError):
    """The call is in a state that does not allow it."""

    code = "call_state"


class SupervisorLimitError(SupervisionError):
    """As many supervise or listen to the call as may."""

    code = "too_many_supervisors"


class NoRoomError(SupervisionError):
    """The line worker that holds the call carries no further call."""

    code = "no_room"


class CallLostError(SupervisionError):
    """The line worker that holds the call does not answer."""

    code = "call_lost"


class TimelineError(VoicebotError):
    """The log or the recording of a call is missing, damaged or not what it should be."""

    code = "timeline"


class MessageError(VoicebotError):
    """A text message was not sent.

    Attributes:
        detail: the provider's own code for it ("http_503", "FailedOperation.TemplateIdNotExist").
    """

    code = "message"

    def __init__(self, message: str, detail: str) -> None:
        super().__init__(message)
        self.detail = detail


class MessageDelayedError(MessageError):
    """A text message was not sent, and may be another time.

    Attributes:
        retry_after_s: how long the provider wants to be left alone; None if it does not say.
    """

    code = "message_delayed"

    def __init__(self, message: str, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(message, detail)
        self.retry_after_s = retry_after_s


class MessageRefusedError(MessageError):
    """A text message that will never be sent as it is."""

    code = "message_refused"
