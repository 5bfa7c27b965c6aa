"""Names of signs, Greek letters and emoji, and the pauses that Kokoro has a symbol for."""

from __future__ import annotations

from moien.text.lb.numbers import AND, EN

PAUSES = {
    **dict.fromkeys(",،、，", ","),
    **dict.fromkeys(";؛；", ";"),
    **dict.fromkeys(":：", ":"),
    **dict.fromkeys(".。．।", "."),
    **dict.fromkeys("!！‼", "!"),
    **dict.fromkeys("?？؟⁇", "?"),
    **dict.fromkeys("—–―‒", "—"),
    **dict.fromkeys("([{（", "("),
    **dict.fromkeys(")]}）", ")"),
    "…": "…",
}
QUOTES = frozenset('"„“”«»‟〝〞＂')  # which of „ “ ” opens differs between languages: so they alternate

# Signs with a name that is spoken in any place; other rules read some of them with a number (1 €, 5 °C, m²).
NAMES = {
    "&": AND,
    "+": "plus",
    "=": "ass",
    "×": "mol",
    "÷": "gedeelt duerch",
    "±": "plus minus",
    "≈": "ongeféier",
    "≠": "ass net",
    "≤": "méi kleng oder gläich",
    "≥": "méi grouss oder gläich",
    "∞": "onendlech",
    "√": "Wuerzel",
    "§": "Paragraph",
    "†": "gestuerwe" + EN[-1],
    "%": "Prozent",
    "‰": "Promill",
    "€": "Euro",
    "$": "Dollar",
    "£": "Pond",
    "¥": "Yen",
    "¢": "Cent",
    "°": "Grad",
    "º": "Grad",
    "℃": "Grad Celsius",
    "℉": "Grad Fahrenheit",
    "@": "at",
    "©": "Copyright",
    "№": "Nummer",
    "µ": "Mikro",
    "☎": "Telefon",
    "☏": "Telefon",
    "✆": "Telefon",
    "½": "en hallef",
    "²": "am Quadrat",
    "³": "héich dräi",
    "❤": "Häerz",
    "♥": "Häerz",
    "💙": "Häerz",
    "💚": "Häerz",
    "💛": "Häerz",
    "🧡": "Häerz",
    "💜": "Häerz",
    "🖤": "Häerz",
    "🤍": "Häerz",
    "💕": "Häerz",
    "👍": "Daum erop",
    "👎": "Daum erof",
    "⭐": "Stär",
    "🌟": "Stär",
    "★": "Stär",
    "☀": "Sonn",
    "🌞": "Sonn",
    "🌧": "Reen",
    "❄": "Schnéi",
    "📞": "Telefon",
    "📱": "Handy",
    "🏠": "Haus",
    "🎂": "Kuch",
    "🎁": "Kaddo",
    "🌹": "Rous",
    "🐶": "Hond",
    "🐱": "Kaz",
    "🚗": "Auto",
    "🚲": "Vëlo",
    "🚌": "Bus",
    **dict.fromkeys("😀😃😄😁🙂😊☺😉😆", "Smiley"),
}

# Greek letter → its name, and its Latin letters in a Greek word.
GREEK = {
    letter: (name, latin)
    for letter, name, latin in (
        row.split()
        for row in (
            "α alpha a|β beta b|γ gamma g|δ delta d|ε epsilon e|ζ zeta z|η eta e|θ theta th|ι iota i|κ kappa k|"
            "λ lambda l|μ mü m|ν nü n|ξ xi x|ο omikron o|π pi p|ρ rho r|σ sigma s|ς sigma s|τ tau t|υ ypsilon y|"
            "φ phi ph|χ chi ch|ψ psi ps|ω omega o"
        ).split("|")
    )
}
