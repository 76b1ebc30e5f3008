# What this project uses of pjsua2 (pjsip 2.15 to 2.17). Values it never reads are left out.
from collections.abc import Iterator, Sequence
from types import ModuleType

_pjsua2: ModuleType

PJSIP_TRANSPORT_UDP: int
PJSIP_EVENT_RX_MSG: int
PJMEDIA_DIR_DECODING: int
PJSIP_INV_STATE_NULL: int
PJSIP_INV_STATE_CALLING: int
PJSIP_INV_STATE_INCOMING: int
PJSIP_INV_STATE_EARLY: int
PJSIP_INV_STATE_CONNECTING: int
PJSIP_INV_STATE_CONFIRMED: int
PJSIP_INV_STATE_DISCONNECTED: int
PJSIP_EVENT_TSX_STATE: int
PJSIP_ROLE_UAC: int
PJMEDIA_TYPE_AUDIO: int
PJMEDIA_FRAME_TYPE_AUDIO: int
PJSUA_CALL_MEDIA_NONE: int
PJSUA_CALL_MEDIA_ACTIVE: int
PJSUA_CALL_MEDIA_LOCAL_HOLD: int
PJSUA_CALL_MEDIA_REMOTE_HOLD: int
PJSUA_DTMF_METHOD_SIP_INFO: int
PJSUA_INVALID_ID: int
PJSUA_CALL_UNHOLD: int
PJSIP_REDIRECT_REJECT: int
PJSUA_SIP_TIMER_OPTIONAL: int
PJSUA_IPV6_ENABLED_PREFER_IPV4: int
PJSUA_IPV6_ENABLED_USE_IPV6_ONLY: int
PJMEDIA_SRTP_DISABLED: int
PJMEDIA_SRTP_OPTIONAL: int
PJMEDIA_SRTP_MANDATORY: int

class Error(Exception):
    status: int
    reason: str
    title: str
    def info(self, multi_line: bool = ...) -> str: ...

class SwigPyObject:
    def __int__(self) -> int: ...

class ByteVector:
    this: SwigPyObject
    def __init__(self, values: int | Sequence[int] = ...) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...

class LogEntry:
    level: int
    msg: str
    threadName: str

class LogWriter:
    def write(self, entry: LogEntry) -> None: ...

class UaConfig:
    maxCalls: int
    threadCnt: int
    userAgent: str

class LogConfig:
    msgLogging: int
    level: int
    consoleLevel: int
    decor: int
    writer: LogWriter

class MediaConfig:
    clockRate: int
    channelCount: int
    audioFramePtime: int
    quality: int
    noVad: bool
    ecTailLen: int
    jbInit: int
    jbMinPre: int
    jbMaxPre: int
    jbMax: int
    sndAutoCloseTime: int

class EpConfig:
    uaConfig: UaConfig
    logConfig: LogConfig
    medConfig: MediaConfig

class pj_qos_params:
    flags: int
    dscp_val: int

class TransportConfig:
    qosParams: pj_qos_params
    port: int
    portRange: int
    publicAddress: str
    boundAddress: str

class TransportInfo:
    localAddress: str
    localName: str

class CodecInfo:
    codecId: str
    priority: int

class CodecSetting:
    vad: bool
    plc: bool

class CodecParam:
    setting: CodecSetting

class AudDevManager:
    def setNullDev(self) -> None: ...
    def setNoDev(self) -> object: ...
    def getPlaybackDevMedia(self) -> AudioMedia: ...

class Endpoint:
    def libCreate(self) -> None: ...
    def libInit(self, config: EpConfig) -> None: ...
    def libStart(self) -> None: ...
    def libHandleEvents(self, timeout_ms: int) -> int: ...
    def libDestroy(self, flags: int = ...) -> None: ...
    def hangupAllCalls(self) -> None: ...
    def transportCreate(self, kind: int, config: TransportConfig) -> int: ...
    def transportGetInfo(self, transport: int) -> TransportInfo: ...
    def audDevManager(self) -> AudDevManager: ...
    def codecEnum2(self) -> Sequence[CodecInfo]: ...
    def codecSetPriority(self, codec: str, priority: int) -> None: ...
    def codecGetParam(self, codec: str) -> CodecParam: ...
    def codecSetParam(self, codec: str, param: CodecParam) -> None: ...
    def onSelectAccount(self, prm: OnSelectAccountParam) -> None: ...

class OnSelectAccountParam:
    rdata: SipRxData
    accountIndex: int

class SipHeader:
    hName: str
    hValue: str

class SipHeaderVector:
    def append(self, header: SipHeader) -> None: ...

class SipTxOption:
    headers: SipHeaderVector
    targetUri: str
    localUri: str

class SipRxData:
    info: str
    wholeMsg: str
    srcAddress: str

class StringVector:
    def append(self, value: str) -> None: ...

class AuthCredInfo:
    def __init__(self, scheme: str, realm: str, username: str, data_type: int, data: str) -> None: ...

class AuthCredInfoVector:
    def append(self, value: AuthCredInfo) -> None: ...

class AccountRegConfig:
    registrarUri: str
    registerOnAdd: bool
    timeoutSec: int
    retryIntervalSec: int
    firstRetryIntervalSec: int
    unregWaitMsec: int

class AccountSipConfig:
    authCreds: AuthCredInfoVector
    proxies: StringVector
    contactForced: str

class AccountCallConfig:
    timerUse: int
    timerMinSESec: int
    timerSessExpiresSec: int

class AccountMediaConfig:
    transportConfig: TransportConfig
    ipv6Use: int
    srtpUse: int
    srtpSecureSignaling: int
    lockCodecEnabled: bool

class AccountNatConfig:
    contactRewriteUse: int
    viaRewriteUse: int
    sdpNatRewriteUse: int
    sipOutboundUse: int
    iceEnabled: bool

class AccountConfig:
    idUri: str
    regConfig: AccountRegConfig
    sipConfig: AccountSipConfig
    callConfig: AccountCallConfig
    mediaConfig: AccountMediaConfig
    natConfig: AccountNatConfig

class AccountInfo:
    id: int
    regIsActive: bool
    regStatus: int

class OnIncomingCallParam:
    callId: int
    rdata: SipRxData

class OnRegStateParam:
    status: int
    code: int
    reason: str
    expiration: int

class Account:
    def create(self, config: AccountConfig, make_default: bool = ...) -> None: ...
    def shutdown(self) -> None: ...
    def getId(self) -> int: ...
    def isValid(self) -> bool: ...
    def getInfo(self) -> AccountInfo: ...
    def setRegistration(self, renew: bool) -> None: ...
    def onIncomingCall(self, prm: OnIncomingCallParam) -> None: ...
    def onRegState(self, prm: OnRegStateParam) -> None: ...

class CallSetting:
    audioCount: int
    videoCount: int
    textCount: int
    flag: int

class CallOpParam:
    opt: CallSetting
    statusCode: int
    reason: str
    options: int
    txOption: SipTxOption
    def __init__(self, use_defaults: bool = ...) -> None: ...

class CallMediaInfo:
    index: int
    type: int
    dir: int
    status: int
    audioConfSlot: int

class CallInfo:
    id: int
    accId: int
    localUri: str
    remoteUri: str
    callIdString: str
    state: int
    stateText: str
    lastStatusCode: int
    lastReason: str
    media: Sequence[CallMediaInfo]

class MathStat:
    n: int
    max: int
    min: int
    mean: int

class RtcpStreamStat:
    pkt: int
    bytes: int
    discard: int
    loss: int
    reorder: int
    dup: int
    jitterUsec: MathStat
    updateCount: int

class RtcpStat:
    txStat: RtcpStreamStat
    rxStat: RtcpStreamStat
    rttUsec: MathStat

class JbufState:
    prefetch: int
    size: int
    avgDelayMsec: int
    maxDelayMsec: int
    lost: int
    discard: int
    empty: int

class StreamStat:
    rtcp: RtcpStat
    jbuf: JbufState

class StreamInfo:
    codecName: str
    codecClockRate: int
    remoteRtpAddress: str

class MediaTransportInfo:
    localRtpName: str
    srcRtpName: str

class SipTransaction:
    role: int
    method: str
    statusCode: int
    statusText: str

class TsxStateEventSrc:
    rdata: SipRxData

class TsxStateEvent:
    type: int
    src: TsxStateEventSrc
    tsx: SipTransaction

class SipEventBody:
    tsxState: TsxStateEvent

class SipEvent:
    type: int
    body: SipEventBody

class OnCallStateParam:
    e: SipEvent

class OnCallTsxStateParam:
    e: SipEvent

class OnCallMediaStateParam: ...

class OnStreamDestroyedParam:
    streamIdx: int

class OnDtmfDigitParam:
    method: int
    digit: str
    duration: int

class OnCallTransferStatusParam:
    statusCode: int
    reason: str
    finalNotify: bool
    cont: bool

class OnCallTransferRequestParam:
    dstUri: str
    statusCode: int

class CallSendDtmfParam:
    method: int
    duration: int
    digits: str

class OnCallRedirectedParam:
    targetUri: str

class OnCallReplaceRequestParam:
    statusCode: int
    reason: str

class Media: ...

class AudioMedia(Media):
    def startTransmit(self, sink: AudioMedia) -> None: ...
    def stopTransmit(self, sink: AudioMedia) -> None: ...
    def getPortId(self) -> int: ...

class MediaFormatAudio:
    type: int
    clockRate: int
    channelCount: int
    bitsPerSample: int
    frameTimeUsec: int
    avgBps: int
    maxBps: int

class MediaFrame:
    this: int
    type: int
    buf: ByteVector
    size: int

class AudioMediaPlayer(AudioMedia):
    def createPlayer(self, file_name: str, options: int = 0) -> None: ...

class AudioMediaPort(AudioMedia):
    def createPort(self, name: str, format: MediaFormatAudio) -> None: ...
    def onFrameRequested(self, frame: MediaFrame) -> None: ...
    def onFrameReceived(self, frame: MediaFrame) -> None: ...

class Call:
    def __init__(self, account: Account, call_id: int = ...) -> None: ...
    def getInfo(self) -> CallInfo: ...
    def getId(self) -> int: ...
    def isActive(self) -> bool: ...
    def getAudioMedia(self, index: int) -> AudioMedia: ...
    def getStreamStat(self, index: int) -> StreamStat: ...
    def getStreamInfo(self, index: int) -> StreamInfo: ...
    def getMedTransportInfo(self, index: int) -> MediaTransportInfo: ...
    def makeCall(self, uri: str, prm: CallOpParam) -> None: ...
    def answer(self, prm: CallOpParam) -> None: ...
    def hangup(self, prm: CallOpParam) -> None: ...
    def setHold(self, prm: CallOpParam) -> None: ...
    def reinvite(self, prm: CallOpParam) -> None: ...
    def xfer(self, uri: str, prm: CallOpParam) -> None: ...
    def xferReplaces(self, other: Call, prm: CallOpParam) -> None: ...
    def dialDtmf(self, digits: str) -> None: ...
    def sendDtmf(self, param: CallSendDtmfParam) -> None: ...
    def onCallState(self, prm: OnCallStateParam) -> None: ...
    def onCallTsxState(self, prm: OnCallTsxStateParam) -> None: ...
    def onCallMediaState(self, prm: OnCallMediaStateParam) -> None: ...
    def onStreamDestroyed(self, prm: OnStreamDestroyedParam) -> None: ...
    def onDtmfDigit(self, prm: OnDtmfDigitParam) -> None: ...
    def onCallTransferRequest(self, prm: OnCallTransferRequestParam) -> None: ...
    def onCallRedirected(self, prm: OnCallRedirectedParam) -> int: ...
    def onCallReplaceRequest(self, prm: OnCallReplaceRequestParam) -> None: ...
    def onCallTransferStatus(self, prm: OnCallTransferStatusParam) -> None: ...
