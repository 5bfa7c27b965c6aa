"""The grammar of the words around a number: gender, articles, months, the first words of sentences."""

from __future__ import annotations

import re

from moien.text.lb.numbers import EN

MONTHS = "Januar Februar Mäerz Abrëll Mee Juni Juli August September Oktober November Dezember".split()
MONTH = f"(?:{'|'.join(MONTHS)}|Jan|Feb|Febr|Mäe|Abr|Apr|Jun|Jul|Aug|Sept|Sep|Okt|Nov|Dez)(?![\\w])"

# Feminine nouns in the singular or plural, with or without its n: whole words, last parts of compounds, endings.
_FEMININE = re.compile(
    r"(?:\A(?:auer|fra|kar|rei|mass|fro|kaz|dier|hand|rees|nuecht|tass|zuel|iddi|spur|liga|tëlee|woll|rout|faarf|"
    r"glace|blumm|stad|plaz|säit|woch|tonn|klass|kéier)|"
    r"stonn|minutt|sekonn|persoun|gemeng|schoul|strooss|partie|partei|zäit|zäitung|etapp|equipe|halschent|halschecht|"
    r"stroph|plaz|woch|säit|milliard|kierch|bréck|schwëster|duechter|joffer|fläsch|klass|sprooch|famill|grupp|"
    r"mannschaft|saison|linn|nummer|saach|äntwert|aarbecht|arméi|vitess|stëmm|fläch|zigarett|schossel|kaart|chance|"
    r"oplo|dous|aktie|luucht|mauer|gebuert|tonn|blumm|"
    r"heet|keet|schaft|ung|ioun|téit|\w{3}enz|\w{3}anz|itur|atur|ultur|erin|istin|entin|erinn|istinn|entinn)(?:e?n?|s)\Z"
)
_NEUTER = re.compile(
    "(?:joerhonnert|jorhonnert|joerdausend|joerzéngt|joer|buch|haus|kand|kapitel|stéck|mol|duerf|land|spill|"
    "semester|trimester|quartal|gesetz|lidd|bild|album|wuert|blat|bataillon|regiment|korps|jh|jhdt)"
)
# After these a number is a count and no year: 1500 Leit is not read as the year fofzénghonnert.
COUNTED = re.compile(
    " (?:Awunner|Leit|Persoune?n?|Euro|Frang|Dollar|Pond|[A-Z]?\\w{0,6}[Mm]eter|Kilo|Gramm|Liter|Tonne?n?|Hektar|Stéck|"
    "Memberen?|Säite?n?|Plaze?n?|Schüler|Kanner|Joer(?= (?:al|laang|fréier|spéider|virdrun))|Deeg|Stonne?n?|Minutte?n?|"
    "Stëmmen?|Punkte?n?|Exemplairen?|Lemmata|Gemenge?n?|Zaldote?n?|Wierder|Bicher|Haiser|Studente?n?|Mataarbechter|"
    "Steckdouse?n?|planetaresch|Liichtjoer|Lichtjoer|Grad|Watt|Kalorien?|Mol|mol)(?!\\w)"
)

# Ending of an ordinal → the articles, pronouns … that it follows.
_ENDINGS = {
    EN: "de den dem deem deen am vum zum beim um nom virum mam fum ënnerem iwwerem engem sengem hirem mengem dengem "
    "eisem dësem dësen dëse allem en e een säin säi mäin mäi däin däi hiren hire eisen eise äeren",
    "er": "der enger senger hirer menger denger eiser äerer dëser där",
    "": "déi d' dat eng seng hir meng deng eis dës jiddwer all",
}
ARTICLES = {word: ending for ending, words in _ENDINGS.items() for word in words.split()}
_EITHER = frozenset(
    "en e een säin säi mäin mäi däin däi".split()
)  # before a neuter noun the ordinal after these has no ending
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
_SENTENCE_END = re.compile(rf"[\"“”„»«)\]' ]{{0,4}}(?:\Z|[“”\"»«)]? [„“\"«(]?(?:(?:{_STARTS})(?!\w)|[DS]'))")
_NOUN = re.compile(
    r"(?: ?[-–] ?\d[\d.,]{0,15}| (?:an?|bis|oder) \d[\d.,]{0,15})?[ -]"
    r"(?:(?:\w{2,20}(?:esch|ech|eg|al|iv)|nei|grouss|kleng|jonk|aner|weider|verschidde|ganz|gutt|laang|al)e?n? )?"
    r"([^\W\d_a-zäëéöüèàç]\w{1,60}|mol(?!\w))"
)


def ends_sentence(text: str, after: int) -> bool:
    """Whether the point before `after` ends a sentence, so that it is also a pause."""
    return bool(_SENTENCE_END.match(text, after))


def noun_after(text: str, after: int) -> str:
    """The noun after a number that ends at `after`; "" if there is none nearby."""
    match = _NOUN.match(text, after)
    return match[1] if match else ""


def gender(noun: str) -> str:
    """ "f", "m" (masculine or neuter: numbers do not distinguish them), "" without a noun."""
    if not noun:
        return ""
    return "f" if is_feminine(noun) else "m"


def is_feminine(noun: str) -> bool:
    """Whether a noun is feminine, by a list of common nouns and by endings; the list is not complete."""
    return bool(_FEMININE.search(noun.lower()))


def ordinal_ending(article: str, noun: str) -> str | None:
    """The ending of an ordinal after `article` (in lower case); None after other words."""
    ending = ARTICLES.get(article)
    if ending is None:
        return None
    if article in _EITHER and _NEUTER.fullmatch(noun.lower()):
        return ""
    return ending


def bare_ending(noun: str) -> str:
    """The ending of an ordinal without an article."""
    return "" if not noun or is_feminine(noun) or _NEUTER.fullmatch(noun.lower()) else EN
