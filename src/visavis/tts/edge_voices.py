"""Voices of Microsoft's read-aloud service, of the hundreds it has: those most asked for, by language.

Source: https://learn.microsoft.com/azure/ai-services/speech-service/language-support, and the service's own list.
"""

from visavis.tts import Sex

_NAMES = {
    "en-US": (
        "Ava Emma Aria Jenny Michelle Ana AvaMultilingual EmmaMultilingual",
        "Andrew Brian Guy Christopher Eric Roger Steffan AndrewMultilingual BrianMultilingual",
    ),
    "en-GB": ("Sonia Libby Maisie", "Ryan Thomas"),
    "en-AU": ("Natasha", "WilliamMultilingual"),
    "en-CA": ("Clara", "Liam"),
    "en-IE": ("Emily", "Connor"),
    "en-IN": ("Neerja", "Prabhat"),
    "zh-CN": ("Xiaoxiao Xiaoyi", "Yunxi Yunjian Yunyang Yunxia"),
    "zh-CN-liaoning": ("Xiaobei", ""),
    "zh-CN-shaanxi": ("Xiaoni", ""),
    "zh-TW": ("HsiaoChen HsiaoYu", "YunJhe"),
    "zh-HK": ("HiuGaai HiuMaan", "WanLung"),
    "ja-JP": ("Nanami", "Keita"),
    "ko-KR": ("SunHi", "InJoon"),
    "de-DE": ("Katja Amala SeraphinaMultilingual", "Conrad Killian FlorianMultilingual"),
    "de-AT": ("Ingrid", "Jonas"),
    "de-CH": ("Leni", "Jan"),
    "fr-FR": ("Denise Eloise VivienneMultilingual", "Henri RemyMultilingual"),
    "fr-CA": ("Sylvie", "Antoine"),
    "es-ES": ("Elvira", "Alvaro"),
    "es-MX": ("Dalia", "Jorge"),
    "it-IT": ("Elsa Isabella", "Diego"),
    "pt-BR": ("Francisca", "Antonio"),
    "pt-PT": ("Raquel", "Duarte"),
    "nl-NL": ("Colette Fenna", "Maarten"),
    "pl-PL": ("Zofia", "Marek"),
    "ru-RU": ("Svetlana", "Dmitry"),
    "uk-UA": ("Polina", "Ostap"),
    "cs-CZ": ("Vlasta", "Antonin"),
    "sv-SE": ("Sofie", "Mattias"),
    "da-DK": ("Christel", "Jeppe"),
    "nb-NO": ("Pernille", "Finn"),
    "fi-FI": ("Noora", "Harri"),
    "tr-TR": ("Emel", "Ahmet"),
    "el-GR": ("Athina", "Nestoras"),
    "he-IL": ("Hila", "Avri"),
    "ar-SA": ("Zariyah", "Hamed"),
    "ar-EG": ("Salma", "Shakir"),
    "hi-IN": ("Swara", "Madhur"),
    "th-TH": ("Premwadee", "Niwat"),
    "vi-VN": ("HoaiMy", "NamMinh"),
    "id-ID": ("Gadis", "Ardi"),
}  # fmt: skip
"""Of women and of men, without their `Neural`."""

_SEXES: tuple[Sex, Sex] = ("female", "male")

VOICES: dict[str, Sex] = {
    f"{place}-{name}Neural": sex
    for place, by_sex in _NAMES.items()
    for sex, names in zip(_SEXES, by_sex, strict=True)
    for name in names.split()
}
"""By name; the first of a language is its usual one, of a region too."""
