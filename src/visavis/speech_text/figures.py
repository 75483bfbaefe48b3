"""What stands around a number in a text."""

LETTER = "A-Za-z\u00c0-\u024f"
"""Latin letters: `\\w` would take Chinese characters, which stand beside numbers without a space, too."""

BEFORE = rf"(?<![{LETTER}\d_])(?<!\d[.,:])"
"""A number begins here."""

AFTER = rf"(?![{LETTER}\d_])"
"""A number or its unit ends here."""

SIGN = r"(?P<sign>(?<![^\s(\[=:,\"“（：，；、\u4e00-\u9fff])[-−])?"
"""A minus, which a hyphen is only where a word could begin."""

NEVER = r"(?!)"
"""What matches nothing, for a language that has no such thing."""

TO = r"(?:\s?[-–—~〜～]\s?|到|至)"
"""Between the ends of a range; after a space it could be a minus, but a range's ends ascend."""
