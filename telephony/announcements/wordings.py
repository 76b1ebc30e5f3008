"""The words by which announcements, machines and assistants give themselves away.

Mandarin wordings are those of the three Chinese mobile networks and of their older exchanges; English ones are those
that the same networks say after the Mandarin, and of networks and voice mailboxes of English-speaking countries. A
wording is the shortest stretch that tells one announcement from the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from telephony.announcements.outcome import Category


@dataclass(frozen=True, slots=True)
class Wordings:
    """What is said where something is the matter.

    Attributes:
        certain: no person says so; enough by itself, also after the answer.
        likely: enough before the answer, or together with words that frame announcements.
    """

    certain: Sequence[str] = ()
    likely: Sequence[str] = ()


def _several(text: str) -> Sequence[str]:
    return text.split(" | ")


FRAMES_ZH = _several(
    "您拨打的电话 | 您拨打的用户 | 您拨打的号码 | 您拨打的线路 | 您所拨打的 | 您拨叫的用户 | "
    "您拨叫的号码 | 您呼叫的用户 | 您呼叫的号码 | 您呼叫的电话 | 您所呼叫的 | 对不起您拨打 | 对不起您的电话"
)
"""Said around what is the matter, and by no person."""
LOOSE_FRAMES_ZH = _several(
    "请稍后再拨 | 请核对后再 | 请查证后再拨 | 请您稍后再拨 | 请不要挂机 | 请稍后再试 | 请查询后再拨 | "
    "将以短信的形式 | 您拨打的"
)
"""Said around what is the matter, by people too."""
FRAMES_EN = _several(
    "the subscriber you dialed | the number you have dialed | the number you dialed | "
    "the phone you dialed | the subscriber you have dialed | the customer you are calling | "
    "the subscriber you are calling | the person you are trying to reach | you have reached a number | "
    "the number you have reached | your call cannot be completed"
)
LOOSE_FRAMES_EN = _several(
    "please redial later | please dial again later | please try again later | "
    "please try your call again | check the number and"
)

ZH: Mapping[Category, Wordings] = {
    Category.VOICEMAIL: Wordings(
        certain=_several(
            "语音信箱 | 提示音后留言 | 提示音之后留言 | 嘀声后留言 | 嘀声之后留 | 请在嘀声 | "
            "请在提示音 | 听到嘟的一声 | 录音完毕 | 录音结束请 | 录音完成后 | 留下您的姓名 | "
            "按井号键结束 | 哔声后录音"
        ),
        likely=_several("开始留言 | 给我留言 | 请留言 | 后留言 | 之后留言"),
    ),
    Category.ASSISTANT: Wordings(
        certain=_several(
            "智能助理 | 智能助手 | 语音助手 | 语音助理 | 通信助理 | 通信助手 | 电话助理 | 来电助理 | "
            "智能秘书 | 电话秘书 | 机主现在 | 我是机主 | 转告机主 | 机主不方便 | 小爱同学 | 帮机主 | "
            "我帮您转达"
        ),
    ),
    Category.QUEUE: Wordings(
        certain=_several(
            "请直拨分机号 | 普通话服务 | 人工服务请按 | 服务请按 | "
            "请按一 | 请按二 | 请按零 | 查号请拨零 | 为保证服务质量 | 可能会被录音 | "
            "坐席全忙 | 请按井号键 | 服务请按一 | 请输入分机号 | 欢迎拨打 | 您的通话将被录音"
        ),
        likely=_several("欢迎致电 | 正在为您转接"),
    ),
    Category.NO_SUCH_NUMBER: Wordings(
        certain=_several("号码是空号 | 是空号请 | 号码不存在请"),
        likely=_several("号码有误 | 号码不正确 | 号码不存在 | 是空号"),
    ),
    Category.NUMBER_CHANGED: Wordings(
        likely=_several("已更改 | 已变更 | 已改为 | 已改号 | 新号码"),
    ),
    Category.SUSPENDED: Wordings(
        likely=_several("已暂停服务 | 已停止使用 | 暂停服务 | 停止使用 | 已停机 | 已停用"),
    ),
    Category.POWERED_OFF: Wordings(
        likely=_several("已关机 | 已经关机 | 手机关机"),
    ),
    Category.UNREACHABLE: Wordings(
        likely=_several("无法接通 | 不能接通 | 不在服务区 | 暂时无法接通"),
    ),
    Category.IN_CALL: Wordings(
        likely=_several("正在通话中 | 正在通话 | 通话中"),
    ),
    Category.BUSY: Wordings(
        likely=_several("用户正忙 | 用户忙 | 用户现在正忙 | 电话正忙 | 用户正忙请"),
    ),
    Category.REJECTED: Wordings(
        certain=_several("拒绝您的来 | 拒接您的来"),
        likely=_several("拒绝接听 | 不方便接听 | 已拒绝 | 已拒接"),
    ),
    Category.NO_ANSWER: Wordings(
        likely=_several("无人接听 | 无人应答 | 没有人接听 | 没人接听 | 无法接听"),
    ),
    Category.INCOMING_BARRED: Wordings(
        likely=_several("呼入限制 | 限制呼入 | 来电限制 | 无法呼入 | 限制您的呼入"),
    ),
    Category.OUTGOING_BARRED: Wordings(
        likely=_several("限制呼出 | 呼出限制 | 号码的权限 | 拨打权限 | 呼叫权限"),
    ),
    Category.NO_CREDIT: Wordings(
        certain=_several("您的话费余额不足 | 您的号码已欠费 | 您的电话已欠费"),
        likely=_several("已欠费请 | 余额不足 | 及时缴费 | 充值后再拨 | 续费后使用"),
    ),
    Category.CALL_REMINDER: Wordings(
        certain=_several(
            "来电提醒业务 | 来电提醒服务 | 以短信的形式通知 | 以短信方式通知用户 | 短信方式通知 | 用短信通知机主 | "
            "这里是秘书台 | 短信呼业务 | 短信通知机主"
        ),
        likely=_several("来电提醒 | 秘书台 | 短信通知 | 短信的形式 | 短信呼 | 知道您的来电"),
    ),
    Category.FORWARD_FAILED: Wordings(
        certain=_several("呼叫转移失败 | 呼叫转移无法 | 呼转失败"),
        likely=_several("转接失败 | 呼叫转移"),
    ),
    Category.NETWORK_BUSY: Wordings(
        likely=_several("网络忙 | 线路忙 | 网络正忙 | 线路繁忙 | 网络繁忙 | 线路正忙"),
    ),
    Category.LINE_FAULT: Wordings(
        likely=_several("线路故障 | 发生故障 | 出现故障"),
    ),
}

EN: Mapping[Category, Wordings] = {
    Category.VOICEMAIL: Wordings(
        certain=_several(
            "leave a message after | leave your message | after the tone | after the beep | "
            "at the tone | record your message | voice mailbox | voice message system | "
            "finished recording | leave me a message | leave your name and number | "
            "please leave a message | your unavailable message | your temporary message | "
            "nobody is available to take your call | press the pound key | have a mailbox"
        ),
        likely=_several("leave a message and | can't take your call | cannot take your call | leave a message"),
    ),
    Category.ASSISTANT: Wordings(
        certain=_several(
            "screening service | if you record your name and reason | "
            "say your name and why you are calling | see if this person is available | call assistant | "
            "record your name and reason for calling | say your name and why you're calling | "
            "the person you're calling is using"
        ),
    ),
    Category.QUEUE: Wordings(
        certain=_several(
            "for english press | press one | press two | in the order it was received | "
            "available representative | valid extension | will be answered by | all representatives"
        ),
        likely=_several("thank you for calling | please stay on the line | may be recorded | please enter your"),
    ),
    Category.NO_SUCH_NUMBER: Wordings(
        certain=_several(
            "is not in service | no longer in service | has been disconnected | "
            "cannot be completed as dialed | is not a valid number | number is not allocated | "
            "number is vacant"
        ),
        likely=_several("does not exist | not in service | disconnected | as dialed"),
    ),
    Category.NUMBER_CHANGED: Wordings(
        likely=_several("has been changed | the new number is | been changed"),
    ),
    Category.SUSPENDED: Wordings(
        likely=_several("out of service"),
    ),
    Category.POWERED_OFF: Wordings(
        likely=_several("is power off | powered off | switched off | is turned off"),
    ),
    Category.UNREACHABLE: Wordings(
        likely=_several(
            "cannot be connected for the moment | can not be connected | out of the service area | "
            "is not reachable | is temporarily unavailable | cannot be reached | cannot be connected | "
            "temporarily unavailable | be reached at the moment"
        ),
    ),
    Category.IN_CALL: Wordings(
        likely=_several("is on the phone | having another call | is busy now please | is busy now"),
    ),
    Category.BUSY: Wordings(
        likely=_several("is busy | line is busy"),
    ),
    Category.REJECTED: Wordings(
        likely=_several("call has been rejected | call was declined | is not convenient"),
    ),
    Category.NO_ANSWER: Wordings(
        likely=_several("there is no answer | does not answer | no answer | not answering"),
    ),
    Category.INCOMING_BARRED: Wordings(
        likely=_several("incoming calls are barred | not accepting calls | incoming call barred"),
    ),
    Category.OUTGOING_BARRED: Wordings(
        likely=_several("outgoing calls are barred | you are not allowed to call"),
    ),
    Category.NO_CREDIT: Wordings(
        likely=_several("insufficient credit | your balance is insufficient | your account is"),
    ),
    Category.NETWORK_BUSY: Wordings(
        certain=_several("all circuits are busy"),
        likely=_several("network is busy | circuits are busy | lines are busy | all circuits"),
    ),
    Category.LINE_FAULT: Wordings(
        likely=_several("line is out of order | technical difficulties | out of order"),
    ),
}

CONTEXTS: Mapping[str, str] = {
    "zh": "对不起，您拨打的用户已关机，电话已停机，号码是空号，用户正忙，正在通话中，暂时无法接通，"
    "暂时无人接听，不在服务区，已设置呼入限制，已限制呼出，您的电话已欠费，线路忙，来电提醒，语音信箱，请稍后再拨。",
    "en": "Sorry, the subscriber you dialed is powered off, is busy now, cannot be connected, is not in service. "
    "Please redial later.",
}
"""What a recogniser is told to expect where only announcements are to be heard, by language."""
