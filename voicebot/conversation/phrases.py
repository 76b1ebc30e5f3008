"""The phrases that ``interrupting`` knows, by language.

Mandarin on the phone mixes in English ("ok"), so the Mandarin lists have a few English words. Homophones that a
recogniser writes for the same sound stand beside the right word.
"""

from __future__ import annotations


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


ANSWERS = {
    "zh": _listed(
        "嗯, 恩, 摁, 嗯哼, 唔, 好, 好的, 好呀, 好啊, 好吧, 好嘞, 好啦, 行, 行吧, 行啊, "
        "对, 队, 对的, 对呀, 对啊, 对嘛, 是, 是的, 似的, 是啊, 是呀, 是吗, 是嘛, 没错, "
        "不错, 可以, 可以的, 没问题, 没事, 没关系, 当然, 明白, 名白, 明白了, 了解, 了解了, 知道, "
        "知道了, 懂, 懂了, 清楚, 清楚了, 收到, 就是, 确实, 这样, 这样啊, 这样呀, 原来如此, "
        "原来这样, 你说, 您说, 你讲, 您讲, 你继续, 您继续, 继续, 接着说, 谢谢, 谢谢你, "
        "谢谢您, 在, 在的, 在听, 我在听, 真的, 真的吗, 好的呢, ok, okay, yes, "
        "yeah"
    ),
    "en": _listed(
        "yes, yeah, yep, yup, ya, uh-huh, uh huh, mhm, mm-hmm, mm hmm, mmhmm, okay, ok, k, okey, alright, "
        "all right, right, sure, sure thing, of course, certainly, exactly, absolutely, correct, true, "
        "that's right, that's true, that is right, i see, i know, i understand, got it, gotcha, understood, "
        "makes sense, sounds good, sounds great, good, great, fine, that's fine, cool, nice, perfect, wonderful, "
        "really, is that so, go on, go ahead, i'm listening, yes sir, yes please, thanks, thank you, "
        "thank you very much, interesting, wow, indeed, definitely"
    ),
}
"""Signs of listening that are an answer as well when something was asked."""

FILLERS = {
    "zh": _listed(
        "哦, 哦哦, 噢, 喔, 啊, 呃, 额, 唉, 哎, 诶, 欸, 哈, 哈哈, 呀, 吧, 呢, 啦, "
        "嘛, 哟, 了, 的, 那个, 这个, 就是说, 然后, um, uh, oh, ah, eh, hmm, "
        "mm, er"
    ),
    "en": _listed(
        "uh, um, umm, er, erm, ah, aah, oh, ooh, hm, hmm, mm, mmm, eh, huh, well, so, and, like, you know, ha, "
        "haha, the, a"
    ),
}
"""Sounds and small words without a meaning of their own. Never an answer."""

QUESTIONS = {
    "zh": _listed(
        "什么, 啥, 怎么, 为什么, 为啥, 多少, 哪, 哪里, 哪个, 哪天, 哪儿, 谁, 几点, 几号, "
        "几, 吗, 是不是, 对不对, 行不行, 好不好, 可不可以, 能不能, 有没有, 要不要, 怎样, "
        "可以吗, 可是, 但是, 不过"
    ),
    "en": _listed(
        "what, why, when, where, who, whose, which, how, how much, how many, how long, can i, can you, could you, "
        "could i, do you, is it, is there, are you, but"
    ),
}
"""Questions and objections: content, however short."""

STOPS = {
    "zh": _listed(
        "等一下, 等等, 等下, 等会, 等会儿, 稍等, 停, 停一下, 别说, 别说了, 不要说了, 别讲了, "
        "闭嘴, 打断, 听我说, 慢点, 慢一点, 不, 不是, 不对, 不用, 不用了, 不要, 不行, "
        "不需要, 没有, 没兴趣, 错了, 喂, 喂喂, 听不见, 听不清, 听不到, 没听清, 再说一遍, "
        "再说一次, 人工, 客服, 挂了, 再见, 拜拜, 别打了, 在忙, 开会, 开车, 换人, 投诉, "
        "stop, no, hello, bye, wait"
    ),
    "en": _listed(
        "stop, stop it, wait, wait a minute, wait a second, hold on, hang on, one moment, just a moment, "
        "just a second, just a minute, excuse me, sorry, no, nope, nah, not, no thanks, no thank you, don't, "
        "never mind, actually, hello, pardon, pardon me, can't hear, i can't hear you, say again, say that again, "
        "repeat, repeat that, agent, operator, human, representative, a person, bye, goodbye, quiet, be quiet, "
        "shut up, listen, slow down, enough, wrong, cancel, help, that's wrong"
    ),
}
"""Stop words, refusals, and that nothing can be heard."""

PICKUPS = {
    "zh": _listed(
        "喂, 喂喂, 你好, 您好, 哈喽, 哈罗, 哪位, 你哪位, 您哪位, 你是哪位, 您是哪位, 谁, "
        "谁啊, 谁呀, 请讲, 请说, 讲, 说, 有人吗, 在吗, 您说, 你说, 嗯, hello, hi, "
        "hey, yes"
    ),
    "en": _listed(
        "hello, hallo, hullo, hi, hey, hiya, yes, yeah, hello there, good morning, good afternoon, good evening, "
        "speaking, who is it, who's this, who is this, who's calling, anybody there, anyone there, "
        "is anyone there, is anybody there, are you there"
    ),
}
"""What people say when they pick up the phone."""
