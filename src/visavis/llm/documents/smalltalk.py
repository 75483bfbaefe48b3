"""What people say that no document answers: greetings, thanks, goodbyes, and what they say around a question."""

import re
from typing import Literal, TypeAlias

from visavis.knowledge.words import normal

Talk: TypeAlias = Literal[
    "greeting",
    "thanks",
    "goodbye",
    "wellbeing",
    "identity",
    "repeat",
    "more",
    "agreement",
    "refusal",
    "sorry",
    "praise",
]

LONGEST = 120
"""Characters; whoever says more wants more."""

_NAME = r"(?: (?:there|everyone|everybody|all|again|visavis|avatar|assistant|friend|my friend|sir|madam|you))?"
_GREETING = rf"(?:hello|hi|hiya|hey|greetings|welcome|howdy|good (?:morning|afternoon|evening|day)){_NAME}"
_POLITE = r"(?:please|excuse me|sorry|pardon me|well|so|ok|okay|um|uh|er|oh|ah|right|alright|thanks|thank you)"

_ENGLISH: tuple[tuple[Talk, str], ...] = (
    ("greeting", _GREETING),
    (
        "wellbeing",
        r"how are you(?: doing)?(?: today)?|how is it going|how's it going|how do you do|what's up"
        r"|are you (?:ok|okay|well)",
    ),
    (
        "thanks",
        r"(?:many )?thanks(?: a lot| so much| very much| for(?: \w+){1,4})?|thank you(?: so much| very much"
        r"| for(?: \w+){1,4})?|thx|ty|much appreciated"
        r"|(?:that|this) (?:is|was) (?:very )?helpful|that helps(?: a lot)?|i appreciate (?:it|that)|cheers",
    ),
    (
        "goodbye",
        r"(?:good ?bye|bye(?: bye)?|see you(?: later| soon| tomorrow)?|farewell|good night|so long"
        r"|take care|until next time"
        r"|have a (?:nice|good|great) (?:day|evening|night|weekend|one)|that(?: i|')s all"
        r"|that will be all|i have to go)(?: now| then)?",
    ),
    (
        "identity",
        r"who are you|what are you|what(?: i|')s your name|what can you (?:do|tell me|answer"
        r"|help (?:me )?with)(?: for me)?"
        r"|(?:can|could) you help(?: me)?|help(?: me)?|introduce yourself|tell me about yourself"
        r"|what do you know|are you (?:a )?(?:robot|bot|human|real|person|an ai|ai)"
        r"|what can i ask(?: you)?|how can you help(?: me)?",
    ),
    (
        "repeat",
        r"(?:what|pardon|sorry|excuse me|huh|come again)|(?:can|could|would) you (?:please )?(?:repeat"
        r"|say) that(?: again)?|say (?:that|it) again"
        r"|repeat(?: that)?|what did you (?:just )?say|i (?:did not|didn't) (?:hear|catch|get) (?:that"
        r"|you)|once more|again",
    ),
    (
        "more",
        r"(?:can you |could you )?tell me more(?: about (?:it|that|this|them))?|more(?: details"
        r"| information)?|go on|continue|what else"
        r"|(?:is there )?anything else|and what else|any more details|keep going|say more|elaborate",
    ),
    (
        "agreement",
        r"(?:ok(?:ay)?|yes|yeah|yep|yup|sure|all ?right|right|i see|got it|understood|good|great|fine"
        r"|perfect|cool|nice|uh huh|mm hmm|hmm+)+",
    ),
    ("refusal", r"no|nope|no thanks|no thank you|not really|never ?mind|nothing(?: else)?|forget it"),
    ("sorry", r"i(?: a|')m (?:so |very )?sorry|my (?:apologies|mistake|bad)|oops"),
    (
        "praise",
        r"(?:well done|good job|you are (?:great|good|nice|helpful|smart|awesome)|amazing|awesome"
        r"|wonderful|excellent|i (?:like|love) (?:it|you))",
    ),
)

_ZH_NAME = "(?:大家|各位|你|您|老师|朋友)?"
_CHINESE: tuple[tuple[Talk, str], ...] = (
    (
        "greeting",
        rf"(?:{_ZH_NAME}好呀?|哈喽|嗨|嘿|哈啰|早上好|早安|早|上午好|中午好|下午好|晚上好|在吗|在不在|有人吗)+",
    ),
    ("wellbeing", "你?最近(?:好吗|怎么样|如何)|你(?:好吗|还好吗|怎么样)|过得怎么样"),
    (
        "thanks",
        "(?:非常|太|十分|多)?(?:谢谢|感谢|多谢)(?:你|您|了|啦|啊|你的?帮[忙助]|您的?帮[忙助])*|谢了"
        "|辛苦了|麻烦你了",
    ),
    (
        "goodbye",
        "再见|拜拜|拜|回头见|下次见|明天见|晚安|我(?:先)?走了|(?:就|先)(?:这样|到这里|这些)(?:吧|了)?"
        "|没(?:有)?(?:别的|其他)?(?:问题|事)了",
    ),
    (
        "identity",
        "你(?:是谁|是什么|叫什么(?:名字)?|是(?:机器人|真人|人|ai)吗|能(?:做|干|帮我做"
        "|回答)(?:些)?什么(?:问题)?|会(?:做)?什么|有什么功能|可以(?:做|帮我做|回答)(?:些)?什么(?:问题)?)"
        "|(?:请)?(?:自我介绍|介绍(?:一下)?(?:你)?自己)(?:一下|吧)?|帮帮我|帮助|我(?:可以"
        "|能)问(?:你)?(?:些)?什么",
    ),
    (
        "repeat",
        "(?:你|您)?(?:刚才|刚刚)?说(?:的)?(?:是)?(?:什么|啥)|(?:请|麻烦)?(?:你|您)?(?:再说一[遍次]"
        "|重复(?:一[下遍])?)(?:好吗|吗)?|没听[清见懂](?:楚)?|什么|啥",
    ),
    (
        "more",
        "还有(?:呢|吗|什么|别的吗|其他的吗)?|继续(?:说)?|(?:请)?(?:再)?(?:多说|说多|详细说|详细讲"
        "|具体说)(?:一)?(?:点|些|下|说)?|更多(?:信息|内容|细节)?|然后呢|接着说|详细(?:一)?点",
    ),
    ("agreement", "(?:好的?|行|可以|嗯|哦|噢|是的?|对的?|没错|明白了?|知道了|了解了?|懂了|ok|好吧|原来如此)+"),
    ("refusal", "不用(?:了)?|不(?:需要)?了?|没有?了?|算了|没事(?:了)?"),
    ("sorry", "对不起|抱歉|不好意思"),
    ("praise", "(?:你|您)?(?:真|很|太|好)(?:棒|厉害|好|聪明|不错)(?:了|啊)?|不错|真棒"),
)

_TALK = tuple((talk, re.compile(pattern)) for talk, pattern in (*_ENGLISH, *_CHINESE))
_POLITENESS = re.compile(
    rf"(?:(?:{_GREETING}|{_POLITE})[\s,.!;:-]+)+|(?:(?:你|您|大家|早上|上午|下午|晚上)好|哈喽|嗨|嘿|谢谢"
    rf"|请问|麻烦问一下)(?:你|您)?[\s，。！,!、]*"
)
_AROUND = re.compile(r"^[\W_]+|[\W_]+$")
_BETWEEN = re.compile(r"[\s,，.。!！?？;；:：~、-]+")


def talk(said: str) -> Talk | None:
    """What kind of small talk `said` is; None if there is more to it."""
    if len(said) > LONGEST:
        return None
    text = _BETWEEN.sub(" ", _AROUND.sub("", normal(said)))
    for piece in (text, _without_politeness(text), text.replace(" ", "")):
        for kind, pattern in _TALK:
            if piece and pattern.fullmatch(piece):
                return kind
    kinds = [_single(part) for part in _pieces(said)]
    return kinds[0] if kinds and all(kinds) else None


def question(said: str) -> str:
    """`said` without the greeting or the thanks before what is asked."""
    rest = said.strip()
    match = _POLITENESS.match(normal(rest))
    # Normalising may change the length; then the greeting does no harm where it is.
    if match is None or len(normal(rest)) != len(rest):
        return rest
    return rest[match.end() :] or rest


def _pieces(said: str) -> list[str]:
    return [piece for piece in re.split(r"[.!?。！？，,]+", normal(said)) if _AROUND.sub("", piece)]


def _single(piece: str) -> Talk | None:
    text = _BETWEEN.sub(" ", _AROUND.sub("", piece))
    return next((kind for kind, pattern in _TALK if pattern.fullmatch(text)), None)


def _without_politeness(text: str) -> str:
    match = re.match(rf"(?:(?:{_GREETING}|{_POLITE}) )+", text)
    return text[match.end() :] if match else text
