"""Character classes of the scripts that are written without spaces between words."""

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese characters, for a regular expression's brackets; also used in Japanese."""

KANA = "\u3041-\u309f\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f"
"""Hiragana and katakana."""

HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
"""Korean letters and syllables."""

BOPOMOFO = "\u3100-\u312f\u31a0-\u31bf"
"""Chinese phonetic letters."""
