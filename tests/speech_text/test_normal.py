"""What every voice is given to say, language by language."""

import pytest

from visavis.speech_text.normal import prepare, prepared
from visavis.speech_text.plain import spoken

ENGLISH = {
    # numbers
    "I have 3 apples and 1,234,567 grains.": (
        "I have three apples and one million two hundred thirty-four thousand five hundred sixty-seven grains."
    ),
    "0.05 and .5 and 3.50": "zero point zero five and zero point five and three point five zero",
    "-7 and −3.5": "minus seven and minus three point five",
    "The 21st century, the 2nd-hand shop.": "The twenty-first century, the second-hand shop.",
    "1/2 cup, 3/4, 2½ and 1 1/4": "one half cup, three quarters, two and one half and one and one quarter",
    "24/7, a 50/50 chance": "twenty-four seven, a fifty fifty chance",
    "Pages 3-5, 10–20%, 4-6 hours.": "Pages three to five, ten to twenty percent, four to six hours.",
    "They won 3-2, a ratio of 16:9.": "They won three to two, a ratio of sixteen to nine.",
    "2 + 2 = 4, 5 - 3 = 2, 2*3, 10^6": (
        "two plus two equals four, five minus three equals two, two times three, ten to the power of six"
    ),
    "About ~5, #1": "About about five, number one",
    "1,2,3": "one,two,three",
    "agent 007": "agent zero zero seven",
    "1234567890123": "one two three four five six seven eight nine zero one two three",
    "1.5 million people": "one point five million people",
    "a 20-year-old": "a twenty-year-old",
    # left alone
    "H2O, A4, MP3, 3D, 4K, NASA, R2-D2": "H2O, A4, MP3, 3D, 4K, NASA, R2-D2",
    "GPT-4, COVID-19": "GPT-four, COVID-nineteen",
    "The U.S. and A.I.": "The U.S. and A.I.",
    # years
    "Since 1984, in 2005, by 2026.": "Since nineteen eighty-four, in two thousand five, by twenty twenty-six.",
    "The 1990s, '80s and 60s; in '99.": "The nineteen nineties, eighties and sixties; in ninety-nine.",
    "1984 people": "one thousand nine hundred eighty-four people",
    "2020-2024": "twenty twenty to twenty twenty-four",
    # dates
    "On 3/4/2026.": "On March fourth, twenty twenty-six.",
    "On 13/4/2026.": "On April thirteenth, twenty twenty-six.",
    "2026-03-04": "March fourth, twenty twenty-six",
    "On March 3rd, 2026, and May 5.": "On March third, twenty twenty-six, and May fifth.",
    "The 3rd of March.": "The third of March.",
    "Due 3 March 2026": "Due the third of March, twenty twenty-six",
    "In March 2026": "In March twenty twenty-six",
    "Jan. 5, 2020": "January fifth, twenty twenty",
    # times
    "At 14:30 or 9:05.": "At fourteen thirty or nine oh five.",
    "9:00 and 14:00": "nine o'clock and fourteen hundred",
    "2 pm, 2:30 p.m. and 9am": "two PM, two thirty PM and nine AM",
    "We met at 5 p.m.": "We met at five PM.",
    "9am-5pm, 14:30–16:00": "nine AM to five PM, fourteen thirty to sixteen hundred",
    "14:30:15": "fourteen thirty and fifteen seconds",
    # money
    "It costs $3.50.": "It costs three dollars and fifty cents.",
    "€20, £1m, ¥100": "twenty euros, one million pounds, one hundred yen",
    "$5 million and $1.5bn": "five million dollars and one point five billion dollars",
    "$1, $0.50 and £0.01": "one dollar, fifty cents and one penny",
    "-$5, 3,50 €, 20 €": "minus five dollars, three euros and fifty cents, twenty euros",
    "5 USD, CHF 20": "five dollars, twenty Swiss francs",
    "$5-10, $799-$999": "five to ten dollars, seven hundred ninety-nine to nine hundred ninety-nine dollars",
    # units
    "-5 °C, 68°F": "minus five degrees Celsius, sixty-eight degrees Fahrenheit",
    "120 km/h, 3.5 kg, 1 kg": "one hundred twenty kilometers per hour, three point five kilograms, one kilogram",
    "16 GB, 100 m², 2.4 GHz": "sixteen gigabytes, one hundred square meters, two point four gigahertz",
    "50% of 3.5MB": "fifty percent of three point five megabytes",
    "a 5-km run, 5 min, 60 fps": "a five kilometer run, five minutes, sixty frames per second",
    # telephones
    "Call 555-123-4567.": "Call five five five, one two three, four five six seven.",
    "+1 (555) 123-4567": "plus one, five five five, one two three, four five six seven",
    "1-800-555-0199": "one, eight zero zero, five five five, zero one nine nine",
    # abbreviations
    "Dr. Smith met Mr. and Mrs. Jones, etc.": "Doctor Smith met Mister and Missus Jones, et cetera.",
    "e.g. this, i.e. that, cats vs. dogs": "for example this, that is that, cats versus dogs",
    "St. Paul lives in Main St. now.": "Saint Paul lives in Main Street now.",
    "No. 5, p. 12, Fig. 3, § 4": "number five, page twelve, figure three, section four",
    "R&D & more": "R&D and more",
    # addresses and versions
    "Mail john_doe@example.com": "Mail john underscore doe at example dot com",
    "See example.com, Node.js and README.md.": "See example dot com, Node dot js and README dot md.",
    "Version 1.2.3, v2.0, Python 3.11": (
        "Version one point two point three, version two point zero, Python three point eleven"
    ),
    "192.168.0.1": "one hundred ninety-two dot one hundred sixty-eight dot zero dot one",
    "**$3.50** for `5 kg` 1️⃣": "three dollars and fifty cents for five kilograms one",
}

BRITISH = {
    "On 3/4/2026, 50%": "On the third of April, twenty twenty-six, fifty per cent",
    "on the 3 March": "on the third of March",
    "5 km": "five kilometres",
}

CHINESE = {
    "我有3个苹果，2个梨，12个橙子。": "我有三个苹果，两个梨，十二个橙子。",
    "2岁的女儿有2本书，每2周": "两岁的女儿有两本书，每两周",
    "第2页，2年级，2月2日": "第二页，二年级，二月二日",
    "105个，1001，200人，20000": "一百零五个，一千零一，两百人，两万",
    "1,234,567人，0.5，100万，1.5亿": "一百二十三万四千五百六十七人，零点五，一百万，一点五亿",
    "¥100，$3.50，€20，100元": "一百元，三点五美元，二十欧元，一百元",
    "¥5万，$1.5M": "五万元，一百五十万美元",
    "2026年3月4日": "二零二六年三月四日",
    "2026-03-04，2026/3/4": "二零二六年三月四日，二零二六年三月四日",
    "1984年，90年代，2020-2024年": "一九八四年，九十年代，二零二零到二零二四年",
    "14:30开会，9:05，14:00": "十四点三十分开会，九点零五分，十四点",
    "2pm，下午2:30，2点30分": "下午两点，下午两点三十分，两点三十分",
    "9:00-18:00": "九点到十八点",
    "-5°C，20℃，50%，3.5%": "负五摄氏度，二十摄氏度，百分之五十，百分之三点五",
    "120km/h，16GB，3.5kg，100m²，5km": "每小时一百二十公里，十六GB，三点五公斤，一百平方米，五公里",
    "30%~40%，3~5天，从3-5个": "百分之三十到四十，三到五天，从三到五个",
    "1/2，3:2，2+2=4": "二分之一，三比二，二加二等于四",
    "13800138000，010-12345678": "一三八零零一三八零零零，零一零，一二三四五六七八",
    "版本1.2.3，info@example.com": "版本一点二点三，info 艾特 example 点 com",
    "iPhone 15，A4纸，5G": "iPhone 十五，A4纸，5G",
    "No.5": "第五",
}

GERMAN = {
    "Ich habe 3 Äpfel, 1 Katze und 1 Hund.": "Ich habe drei Äpfel, eine Katze und ein Hund.",
    "1.234.567": "eine Million zweihundertvierunddreißigtausendfünfhundertsiebenundsechzig",
    "3,5 und 3.5": "drei Komma fünf und drei Komma fünf",
    "Das kostet 3,50 €.": "Das kostet drei Euro fünfzig.",
    "20€, 5 Mio. Euro, $5": "zwanzig Euro, fünf Millionen Euro, fünf Dollar",
    "Am 3. März 2026": "Am dritten März zweitausendsechsundzwanzig",
    "der 3. März, 3. März.": "der dritte März, dritter März.",
    "3.4.2026": "dritter April zweitausendsechsundzwanzig",
    "Im 21. Jahrhundert, 1984, 1990er": (
        "Im einundzwanzigsten Jahrhundert, neunzehnhundertvierundachtzig, neunzehnhundertneunziger"
    ),
    "14:30 Uhr, 14 Uhr, 1 Uhr, 14.30 Uhr": "vierzehn Uhr dreißig, vierzehn Uhr, ein Uhr, vierzehn Uhr dreißig",
    "-5 °C, 50 %, 1 kg, 1 h": "minus fünf Grad Celsius, fünfzig Prozent, ein Kilogramm, eine Stunde",
    "3/4, S. 3-5, Nr. 5": "drei Viertel, Seite drei bis fünf, Nummer fünf",
    "z.B. so, d. h. das, usw.": "zum Beispiel so, das heißt das, und so weiter.",
    "Dr. Müller, bzw. Prof. Weiß": "Doktor Müller, beziehungsweise Professor Weiß",
    "030 1234567": "null drei null, eins zwei drei vier fünf sechs sieben",
    "v1.2.3, info@example.com": "Version eins Punkt zwei Punkt drei, info ät example Punkt com",
}

FRENCH = {
    "1 234 567 et 15 000 km": (
        "un million deux cent trente-quatre mille cinq cent soixante-sept et quinze mille kilomètres"
    ),
    "3,50 €, 20€, 5 M€, $5": "trois euros cinquante, vingt euros, cinq millions d'euros, cinq dollars",
    "Le 3 mars 2026, le 1er mars": "Le trois mars deux mille vingt-six, le premier mars",
    "03/04/2026": "trois avril deux mille vingt-six",
    "14h30, 14 h, 14:30": "quatorze heures trente, quatorze heures, quatorze heures trente",
    "-5 °C, 50 %, 3,5 kg": "moins cinq degrés Celsius, cinquante pour cent, trois virgule cinq kilogrammes",
    "1er, 2e, 3ème, 1re": "premier, deuxième, troisième, première",
    "1/2, 3/4, 1 personne, 1 homme": "un demi, trois quarts, une personne, un homme",
    "M. Dupont, Mme X, etc.": "Monsieur Dupont, Madame X, et cetera.",
    "n° 5, p. 12": "numéro cinq, page douze",
    "01 23 45 67 89": "zéro un, deux trois, quatre cinq, six sept, huit neuf",
    "71, 80, 91": "soixante-et-onze, quatre-vingts, quatre-vingt-onze",
}

SPANISH = {
    "3,50 €, $5, £1": "tres euros con cincuenta, cinco dólares, una libra",
    "3 de marzo de 2026, 1 de marzo": "tres de marzo de dos mil veintiséis, primero de marzo",
    "3/4/2026": "tres de abril de dos mil veintiséis",
    "14:30, 1:30": "catorce y treinta, una y treinta",
    "-5 °C, 50 %, 1 kg": "menos cinco grados Celsius, cincuenta por ciento, un kilogramo",
    "1.º, 2ª, 3er": "primero, segunda, tercer",
    "21 años, 200 personas, 1 libro": "veintiún años, doscientas personas, un libro",
    "Sr. García, EE. UU., etc.": "Señor García, Estados Unidos, etcétera.",
    "1.500": "mil quinientos",
}

ITALIAN = {
    "3,50 €, 20€": "tre euro e cinquanta, venti euro",
    "3 marzo 2026, 1 marzo": "tre marzo duemilaventisei, primo marzo",
    "14:30, 1:30": "quattordici e trenta, una e trenta",
    "50%, 1 kg, 23 e 21 anni": "cinquanta percento, un chilogrammo, ventitré e ventun anni",
    "Sig. Rossi, 1º, 2ª": "Signor Rossi, primo, seconda",
}

PORTUGUESE = {
    "R$ 3,50, 20€": "três reais e cinquenta, vinte euros",
    "3 de março de 2026, 14h30": "três de março de dois mil e vinte e seis, catorze e trinta",
    "2 pessoas, 2 livros, 50%": "duas pessoas, dois livros, cinquenta por cento",
    "Sr. Silva, 1º": "Senhor Silva, primeiro",
}

JAPANESE = {
    "3個で300円、¥1,234、$3.50。": "3個で300円、1234円、3.5ドル。",
    "2026-03-04、14:30、2pm": "2026年3月4日、14時30分、午後2時",
    "50%、3.5kg、120km/h、20℃": "50パーセント、3.5キログラム、時速120キロメートル、摂氏20度",
}

ELSEWHERE = {
    ("es-MX", "1,234.5"): "mil doscientos treinta y cuatro punto cinco",
    ("de-CH", "1’234.50"): "eintausendzweihundertvierunddreißig Komma fünf null",
    ("cmn", "2个"): "两个",
    ("zh-TW", "20%"): "百分之二十",
    ("yue", "2個"): "两個",
    ("en_AU", "5 km"): "five kilometres",
    ("en-XX", "5"): "five",
    ("zh-Latn-pinyin", "2"): "2",
    ("nl", "€ 3,50 op 3/4/2026"): "€ 3,50 op 3/4/2026",
    ("ru", "В 1984 году, 50%."): "В 1984 году, 50%.",
    ("", "5"): "5",
}

TABLES = {
    "en-US": ENGLISH, "en-GB": BRITISH, "zh-CN": CHINESE, "de-DE": GERMAN, "fr-FR": FRENCH, "es-ES": SPANISH,
    "it-IT": ITALIAN, "pt-BR": PORTUGUESE, "ja-JP": JAPANESE,
}  # fmt: skip
CASES = [(language, text, said) for language, table in TABLES.items() for text, said in table.items()] + [
    (language, text, said) for (language, text), said in ELSEWHERE.items()
]


@pytest.mark.parametrize(("language", "text", "said"), CASES)
def test_given_figures_when_spoken_then_the_language_says_them(language: str, text: str, said: str) -> None:
    assert spoken(text, language).text == said


@pytest.mark.parametrize(("language", "text"), [case[:2] for case in CASES])
def test_given_figures_when_spoken_then_every_character_knows_its_origin(language: str, text: str) -> None:
    said = spoken(text, language)
    assert len(said.offsets) == len(said.text)
    assert list(said.offsets) == sorted(said.offsets)
    assert all(0 <= offset < len(text) for offset in said.offsets)


@pytest.mark.parametrize("language", TABLES)
def test_given_any_text_in_any_language_when_spoken_then_it_maps_back(language: str) -> None:
    """Texts of one language are read in another when its script is the same."""
    for _, text, _ in CASES:
        said = spoken(text, language)
        assert list(said.offsets) == sorted(said.offsets)
        assert all(0 <= offset < len(text) for offset in said.offsets)
        assert len(said.offsets) == len(said.text)


@pytest.mark.parametrize("language", TABLES)
@pytest.mark.parametrize(
    "text",
    [
        f"{'9' * 40}th", "9" * 290, f"${'9' * 60}.55", f"{'9' * 50} km", f"1/{'9' * 30}", f"v{'9' * 50}",
        f"{'5' * 30}%", f"0.{'3' * 60} km", f"0.{'3' * 60} €", f"{'9' * 40}/3/2026", "99:99", "31/31/9999", "0/0",
        "±%", f"{'5' * 12} €",
    ],
)  # fmt: skip
def test_given_figures_beyond_reason_when_spoken_then_something_is_said(language: str, text: str) -> None:
    said = spoken(text, language)
    assert list(said.offsets) == sorted(said.offsets)


def test_given_words_around_figures_when_spoken_then_they_keep_their_own_places() -> None:
    text = "It costs $1,234.50 per **day**."
    said = spoken(text, "en")
    for word in ("It", "costs", "per", "day"):
        assert said.original(said.text.index(word)) == text.index(word)
    assert said.original(said.text.index("dollars")) == text.index("$")


def test_given_a_language_when_prepared_then_it_is_known() -> None:
    assert not prepared("en-NZ")
    prepare("en-NZ")
    assert prepared("en-NZ")
