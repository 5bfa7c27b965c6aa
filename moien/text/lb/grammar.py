"""The grammar of the words around a number: articles, months, nouns, the first words of sentences."""

from __future__ import annotations

import re

from moien.text.lb.genders import gender
from moien.text.lb.numbers import EN

MONTHS = "Januar Februar Mäerz Abrëll Mee Juni Juli August September Oktober November Dezember".split()
SHORT_MONTHS = {
    "Jan": "Januar",
    "Feb": "Februar",
    "Febr": "Februar",
    "Mäe": "Mäerz",
    "Mäer": "Mäerz",
    "Abr": "Abrëll",
    "Apr": "Abrëll",
    "Jun": "Juni",
    "Jul": "Juli",
    "Aug": "August",
    "Sept": "September",
    "Sep": "September",
    "Okt": "Oktober",
    "Oct": "Oktober",
    "Nov": "November",
    "Dez": "Dezember",
    "Dec": "Dezember",
    "Déz": "Dezember",
}
MONTH = f"(?:{'|'.join([*MONTHS, *(month.upper() for month in MONTHS), *SHORT_MONTHS])})(?![\\w])"
LOWER_MONTH = f"(?:{'|'.join(month.lower() for month in MONTHS)})(?![\\w])"

# After these a number is a count and no year: 1500 Leit is not read as the year fofzénghonnert.
COUNTED = re.compile(
    " (?:Awunner|Leit|Persoune?n?|Euro|Frang|Dollar|Pond|[A-Z]?\\w{0,6}[Mm]eter|Kilo|Gramm|Liter|Tonne?n?|Hektar|Stéck|"
    "Memberen?|Säite?n?|Plaze?n?|Schüler|Kanner|Joer(?= (?:al|laang|fréier|spéider|virdrun))|Deeg|Stonne?n?|Minutte?n?|"
    "Stëmmen?|Punkte?n?|Exemplairen?|Lemmata|Gemenge?n?|Zaldote?n?|Wierder|Bicher|Haiser|Studente?n?|Mataarbechter|"
    "Steckdouse?n?|planetaresch|Liichtjoer|Lichtjoer|Grad|Watt|Kalorien?|Mol|mol)(?!\\w)"
)

# Ending of an ordinal → the articles, pronouns … that it follows.
_ENDINGS = {
    EN: "de den dem deem deen dee am vum zum beim um nom virum mam fum ënnerem iwwerem engem sengem hirem mengem "
    "dengem "
    "eisem ärem äerem kengem jidderengem dësem dësen dëse allem en e een kee keen säin säi mäin mäi däin däi "
    "hiren hire "
    "eisen eise ären äre äeren",
    "er": "der enger senger hirer menger denger eiser ärer äerer kenger dëser där",
    "": "déi d' dat eng seng hir hirt meng deng keng eis är äer dës hiert eist äert dëst säint mäint jiddwer all",
}
ARTICLES = {word: ending for ending, words in _ENDINGS.items() for word in words.split()}
# The ordinal after these has an ending before a masculine noun only.
_EITHER = frozenset("en e een kee keen säin säi mäin mäi däin däi jiddwer all".split())
SURE = frozenset(
    "de den dem deem am vum zum beim um nom".split()
)  # after these "3." is an ordinal even without a noun
JOINING = frozenset("an a oder bis op och".split())

_STARTS = (
    "De|Den|Dem|Der|Déi|Dat|Dës|Dëse|Dësen|Dee|Deen|Et|En|Eng|Hien|Hie|Hatt|Si|Se|Ech|Mir|Dir|Dunn|Duerno|Dernieft|Dofir|"
    "Domat|Doduerch|Do|Mä|Awer|An|Am|Um|Vum|Vun|Vu|No|Nom|Zu|Zum|Op|Fir|Mat|Bei|Beim|Wann|Well|Wéi|Wou|Wat|Wien|Och|Hei|"
    "Haut|Elo|Esou|Sou|Ass|Gëtt|All|Als|Aus|Iwwer|Ënner|Tëscht|Zënter|Zanter|Seng|Säi|Säin|Hir|Hire|Hiren|Eis|Nodeem|"
    "Ausserdeem|Moien|Merci|Jo|Nee|Mee(?= \\w+t )"
)
_SENTENCE_END = re.compile(
    rf"[\"“”„»«)\]' ]{{0,4}}(?:\Z|\n|[“”\"»«)]? [„“\"«(]?(?:(?:{_STARTS})(?!\w)|[DS]'))"
)
_ADJECTIVE = (
    r"(?:\w{2,20}(?:esch|ech|eg|al|iv|bar|sam|los|éiert|ell|ant|ent)|nei|grouss|gréisser|kleng|klenger|jonk|aner|weider|verschidde|ganz|gutt|"
    r"laang|al|schéin|schéi|héich|déif|breet|frësch|rout|gréng|blo|wäiss|schwaarz|giel|eege|éischt|lescht|duebel|fräi|gratis|"
    r"voll|rei|reif|hallef|getrennt|bekannt|nächst)(?:e?n?|t|er)"
)
_NOUN = re.compile(
    r"(?: ?[-–] ?\d[\d.,]{0,15}| (?:an?|bis|oder) \d[\d.,]{0,15})?[ -]"
    rf"(?:{_ADJECTIVE},? ){{0,3}}"
    r"([^\W\d_a-zäëéöüèàç](?:\w{1,60}|(?=-))(?:-[^\W\d_]\w{1,60}){0,3}|mol(?!\w))"
)


def ends_sentence(text: str, after: int) -> bool:
    """Whether the point before `after` ends a sentence, so that it is also a pause."""
    return bool(_SENTENCE_END.match(text, after))


def noun_after(text: str, after: int) -> str:
    """The noun after a number that ends at `after`; "" if there is none nearby."""
    match = _NOUN.match(text, after)
    if not match:
        return ""
    return (
        match[1].partition("-")[0] if text[after] == "-" else match[1]
    )  # 2-Zëmmer-Wunneng, 2 E-Mail-Adressen


def ordinal_ending(article: str, noun: str) -> str | None:
    """The ending of an ordinal after `article` (in lower case); None after other words."""
    ending = ARTICLES.get(article)
    if article in _EITHER:
        return EN if gender(noun) == "m" or (not noun and ending) else ""
    return ending


def bare_ending(noun: str) -> str:
    """The ending of an ordinal without an article."""
    return EN if gender(noun) == "m" else ""
