"""What kind of thing a sentence tells, by its form: an amount of money, a time; and what kind a question wants."""

import re
from functools import lru_cache

_UNITS = (
    "minutes?|mins?|hours?|days?|nights?|weeks?|months?|years?|seconds?|o.?clock|a\\.?m\\b|p\\.?m\\b"
    "|weekdays?|weekends?"
)
_NUMBERS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty"
    "|sixty|ninety"
    "|dozen|hundred|thousand|million|half"
)
_MEASURES = (
    "square|cubic|met(?:er|re)s?|centimet(?:er|re)s?|millimet(?:er|re)s?|kilomet(?:er|re)s?|miles?|feet|foot|inch(?:es)?|yards?"
    "|acres?|hectares?|lit(?:er|re)s?|gallons?|kilos?|kilograms?|grams?|tons?|tonnes?|pounds?|degrees?|knots?|mph|kmh?"
    "|cm|mm|m²|m|kg|g|l|ml|°c|°|gb|mb|mbit|watts?|volts?|hp|decibels?|percent"
)
_DAYS = "mon|tues|wednes|thurs|fri|satur|sun"
_MONTHS = "january|february|march|april|june|july|august|september|october|november|december"
_ZH_NUMBER = "[0-9一二三四五六七八九十百千万两半]"

_TELLS = {
    "#money": (
        r"[$€£¥￥₹]\s?\d|\d\s?[$€£¥￥₹]|\b(?:dollars?|euros?|pounds?|cents?|pence|francs?|yuan|usd|eur"
        r"|gbp|chf|rmb|cny)\b"
        r"|\bfree\b|\b(?:for|costs?) nothing\b|\b(?:no|without) (?:extra )?charge\b|\d\s?(?:percent|per cent|%)|"
        rf"{_ZH_NUMBER}\s?(?:元|块|欧|美元|英镑|角)|免费|不收费|费用全免"
    ),
    "#time": (
        rf"\d{{1,2}}[:：.]\d{{2}}|(?:\d|\b(?:{_NUMBERS}))[\s-]*(?:{_UNITS})|\b(?:{_DAYS})(?:day|days)?\b"
        rf"|\b(?:{_MONTHS})\b"
        rf"|\b(?:noon|midnight|daily|weekly|monthly|yearly|annually|always|immediately|at once|overnight"
        rf"|tomorrow)\b"
        rf"|\b(?:at|until|till|from|by|after|before|past|to)\s(?:half past\s)?(?:{_NUMBERS}|\d+)\b"
        rf"|\b(?:every|each)\s\w"
        rf"|{_ZH_NUMBER}\s?(?:点|时|分钟|小时|秒|天|日|号|周|星期|个月|月|年|晚)|每天|每日|每周|每月|每年"
        rf"|每次|每隔"
        r"|周[一二三四五六日末]|星期[一二三四五六日天]|随时|立即|全天|中午|午夜|\b(?:1[5-9]|20)\d\d\b"
    ),
    "#number": rf"\d|\b(?:{_NUMBERS})\b|{_ZH_NUMBER}+\s?[个位名台本张次天杯件份只条间层岁升克度辆人]",
    "#measure": (
        rf"(?:\d|\b(?:{_NUMBERS}))[\s-]*(?:{_MEASURES})(?![a-z])|%|{_ZH_NUMBER}\s?"
        r"(?:米|厘米|毫米|公里|平方|升|毫升|公斤|千克|克|吨|度|瓦|伏|转|分贝|寸)"
    ),
    "#age": (
        r"\b(?:1[0-9]|20)\d\d\b|\byears? (?:old|ago)\b|\bage of\b|\bold(?:er)? (?:as|than)\b|\d\s?岁"
        rf"|\b(?:under|over|above|below|from|between|until)\s(?:{_NUMBERS}|\d+)\b|年"
    ),
    "#phone": r"\+?\d[\d\s()./-]{5,}\d",
    "#mail": r"[\w.+-]+@[\w-]+\.\w+",
    "#name": r"(?-i:[a-z,] (?!(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)[A-Z][a-z]+)"
    r"|\b(?:named|called|dr|mr|mrs|ms|prof)\b|[叫名姓]|先生|女士",
    "#definition": (
        r"\b(?:is|are|was|means?) (?:an?|the|my|our)\b|\b(?:stands for|refers to)\b|是(?:一|指)|意思是|指的是"
    ),
    "#place": (
        r"\b(?:floor|street|road|avenue|square|building|entrance|exit|next to|opposite|behind|beside"
        r"|between|corner|room"
        r"|lobby|level|basement|desk|left|right|back|front|side|under|above|below|near|inside|outside"
        r"|underneath|door"
        r"|north|south|east|west|bottom|top|located|stairs|lift|counter|in the|at the|on the)\b"
        r"|[楼层路街旁边侧处室厅口面内外下上里方后前]|位于"
    ),
}

_WANTS = {
    "#money": (
        r"\bhow much (?:(?:does|do|did|is|are|will|would|money|for|to)\b)|\b(?:price|cost|costs|fee"
        r"|fees)\b|\bhow expensive\b"
        r"|\bhow cheap\b|多少钱|什么价|几块|几元|收费|票价|价格|费用|贵不贵|贵吗"
    ),
    "#time": (
        r"\bwhen\b|\bwhat (?:time|day|days|date|hours)\b|\bhow (?:long|soon|late|early|often)\b"
        r"|\b(?:which|what) days?\b"
        r"|几点|什么时[候间]|何时|多久|多长时间|几天|几号|哪天|几小时|几分钟|营业时间|开放时间"
    ),
    "#number": r"\bhow many\b|几[个位名台本张次杯件份只条间层岁]",
    "#measure": (
        r"\bhow (?:big|large|small|heavy|high|tall|wide|deep|thick|far|fast|hot|warm|cold|loud|strong|powerful)\b"
        r"|多重|多高|多宽|多深|多远|多快"
    ),
    "#age": r"\bhow old\b|\bwhat age\b|几岁|多大年[纪龄]|多少岁",
    "#phone": r"\b(?:phone|telephone|call|ring)\b.{0,20}\b(?:number|you|reach)\b|\bphone number\b|电话|手机号",
    "#name": r"\bname of\b|\bwhat(?:'s| is) .*\bname\b|\bwho (?:is|was) the\b|\bcalled\W*$|叫什么|姓什么|谁",
    "#definition": (
        r"^\W*(?:what|who)(?: is| are|'s) (?:an? |the )?[\w-]+(?: [\w-]+)?\W*$"
        r"|^什么是|^谁是|是什么[？?]?$|是谁[？?]?$"
    ),
    "#mail": r"\b(?:e-?mail)\b.{0,20}\baddress\b|邮箱|邮件地址",
    "#place": (
        r"\bwhere\b|\bwhich (?:floor|room|level|building|street)\b"
        r"|哪里|哪儿|[在去到]哪|什么位置|何处|什么地方|几楼|哪层|怎么走"
    ),
}

_TELLS_COMPILED = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _TELLS.items()}
_WANTS_COMPILED = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _WANTS.items()}

_COUNTED = re.compile(r"\bhow many ((?:[a-z]+ ?){1,2})")
_NUMBERED = re.compile(rf"(?:\d|\b(?:{_NUMBERS}))(?=((?:[\s-]+[a-z]+){{1,3}}))", re.IGNORECASE)


@lru_cache(maxsize=4096)
def features(text: str) -> frozenset[str]:
    """The kinds of thing that `text` tells."""
    return frozenset(name for name, pattern in _TELLS_COMPILED.items() if pattern.search(text))


def wanted(question: str) -> frozenset[str]:
    """The kinds of thing that `question` asks for; mostly none or one."""
    return frozenset(name for name, pattern in _WANTS_COMPILED.items() if pattern.search(question))


def counted(question: str) -> list[str]:
    """The words right after "how many": what is counted comes first among them."""
    found = _COUNTED.search(question)
    return found[1].split() if found else []


def numbered(text: str) -> list[list[str]]:
    """For each number of `text`, the three words after it."""
    return [match[1].split() for match in _NUMBERED.finditer(text)]
