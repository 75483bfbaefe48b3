"""How the answers are worded, in English and Chinese; other languages get their answers framed by signs alone."""

import re
from collections.abc import Sequence

from visavis.llm.documents.smalltalk import Talk

_ENGLISH: dict[str, str] = {
    "greeting": "Hello! What would you like to know?",
    "thanks": "You're welcome. Is there anything else you would like to know?",
    "goodbye": "Goodbye, and have a good day!",
    "wellbeing": "I'm fine, thank you. What can I look up for you?",
    "identity": "I'm an assistant who answers from the documents I was given. Just ask me something about them.",
    "agreement": "All right. Ask me whenever you want to know more.",
    "refusal": "All right. I'm here if you need anything.",
    "sorry": "No problem at all. What would you like to know?",
    "praise": "That's kind of you. What else would you like to know?",
    "repeat": "I haven't said anything yet. What would you like to know?",
    "clarify": "Could you tell me a little more exactly what you would like to know?",
    "unknown": "I'm sorry, the documents I have don't tell me that.",
    "exhausted": "That is all the documents say about it.",
    "empty": "I'm sorry, I didn't catch that. What would you like to know?",
}

_CHINESE: dict[str, str] = {
    "greeting": "您好！您想了解什么？",
    "thanks": "不客气。还有别的想了解吗？",
    "goodbye": "再见，祝您愉快！",
    "wellbeing": "我很好，谢谢。您想查什么？",
    "identity": "我是一个助手，根据手头的文档回答问题。请直接提问吧。",
    "agreement": "好的，想了解别的随时问我。",
    "refusal": "好的，有需要随时叫我。",
    "sorry": "没关系。您想了解什么？",
    "praise": "谢谢夸奖！还想了解什么？",
    "repeat": "我还没有说话呢。您想了解什么？",
    "clarify": "您能说得更具体一些吗？",
    "unknown": "很抱歉，我手头的文档没有提到这一点。",
    "exhausted": "关于这一点，文档里只有这些内容。",
    "empty": "抱歉，我没听清。您想了解什么？",
}

_LOWERED = re.compile(
    r"(?:The|A|An|It|They|You|Your|We|Our|There|This|These|That|Those|All|Each|Every|No|Please|If|When|In|On|At"
    r"|For|From|To|After|Before|Children|Visitors|Guests|Staff|Employees|Only|Most|Some|Any|Both|Once|With"
    r"|Without|Do|Press|Use)\b(?! [A-Z])"
)
"""Beginnings that become small after a comma; any other may be a name."""


def sentence(kind: Talk | str, language: str) -> str:
    """A fixed sentence."""
    return (_CHINESE if _is_chinese(language) else _ENGLISH)[kind]


def cited(sentences: Sequence[str], source: str, language: str) -> list[str]:
    """The pieces of an answer that tells `sentences` and names their source."""
    first, *rest = [_ended(one, language) for one in sentences]
    if _is_chinese(language):
        return [f"根据《{source}》，{first}", *rest]
    if not language.lower().startswith("en"):
        return [first, *(f" {one}" for one in rest), f" ({source})"]
    if _LOWERED.match(first):
        first = first[0].lower() + first[1:]
        return [f"According to {source}, {first}", *(f" {one}" for one in rest)]
    return [f"According to {source}: {first}", *(f" {one}" for one in rest)]


def _ended(text: str, language: str) -> str:
    """With a mark at its end, so that it is spoken as a sentence."""
    text = text.strip()
    if text[-1:] in ":：,，;；、":
        text = text[:-1]
    if text[-1:] in '.!?。！？…"”」』)）' and len(text) > 1:
        return text if text[-1] not in '"”)）」』' or text[-2:-1] in ".!?。！？" else text + _stop(text, language)
    return text + _stop(text, language)


def _stop(text: str, language: str) -> str:
    return "。" if _is_chinese(language) and not text.isascii() else "."


def _is_chinese(language: str) -> bool:
    return language.lower().replace("_", "-").split("-")[0] in ("zh", "yue", "cmn")
