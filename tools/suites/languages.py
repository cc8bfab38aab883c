"""Multilingual basics: everyday words, names of days and countries, agreement, in five languages.

Names of countries, languages, days and months come from Unicode CLDR through babel.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from suites.item import Item, choose, spaced
from suites.language_words import ARTICLES, COUNTING, WORDS

LANGUAGES = {"French": "fr", "Spanish": "es", "German": "de", "Italian": "it", "Portuguese": "pt"}
COUNTRIES = "DE FR ES IT CN JP RU GR TR EG BR CH AT PL SE NO DK FI NL BE".split()
TONGUES = "de fr es it en zh ja ru el tr ar pt pl sv nl".split()
FEWEST_LETTERS_APART = 3
"""Names nearer to the English one than this are given away by their spelling (Japón)."""


def make(rng: random.Random) -> list[Item]:
    """Words both ways, names from CLDR, counting and weekdays in order, articles that agree."""
    return [*_words(rng), *_names(rng), *_orders(rng), *_agreement()]


def _words(rng: random.Random) -> Iterator[Item]:
    table = [line.split(": ") for line in WORDS.strip().splitlines()]
    entries = [(english, others.split()) for english, others in table]
    for english, others in entries:
        for index, language in enumerate(LANGUAGES):
            pool = [row[index] for _, row in entries]
            wrong = choose(rng, pool, others[index], 3)
            prompt = f'The {language} word for "{english}" is "'
            yield Item(prompt, others[index], wrong, f"to-{language.lower()}")
            same = [e for e, row in entries if row[index] == others[index]]
            wrong = choose(rng, [e for e, _ in entries], same, 3)
            prompt = f'In English, the {language} word "{others[index]}" means "'
            yield Item(prompt, english, wrong, f"from-{language.lower()}")


def _names(rng: random.Random) -> Iterator[Item]:
    from babel import Locale

    english = Locale("en")
    for language, code in LANGUAGES.items():
        own = Locale(code)
        for key in COUNTRIES:
            name, theirs = english.territories[key], own.territories[key]
            if _far_apart(name, theirs):
                wrong = choose(rng, [english.territories[k] for k in COUNTRIES], name, 3)
                prompt = f"The country that is called {theirs} in {language} is"
                yield Item(prompt, f" {name}", spaced(wrong), "country")
        for key in TONGUES:
            name, theirs = english.languages[key], own.languages[key]
            if _far_apart(name, theirs):
                pool = [own.languages[k] for k in TONGUES]
                prompt = f'In {language}, the {name} language is called "'
                yield Item(prompt, theirs, choose(rng, pool, theirs, 3), "language")


def _orders(rng: random.Random) -> Iterator[Item]:
    from babel import Locale

    for language, code in LANGUAGES.items():
        own = Locale(code)
        days = [own.days["format"]["wide"][i] for i in range(7)]
        months = [own.months["format"]["wide"][i] for i in range(1, 13)]
        numbers = COUNTING[language].split()
        for kind, order in (("days", days), ("months", months), ("counting", numbers)):
            for i in range(len(order) - 3):
                shown, right = order[i : i + 3], order[i + 3]
                wrong = choose(rng, order, {*shown, right}, 3)
                yield Item(f"{', '.join(shown)},", f" {right}", spaced(wrong), kind)


def _agreement() -> Iterator[Item]:
    """Minimal pairs: the article that agrees with its noun."""
    for language, lines in ARTICLES.items():
        for line in lines.strip().splitlines():
            right, wrong = line.split(" | ")
            yield Item("", right, (wrong,), f"article-{language.lower()}")


def _far_apart(a: str, b: str) -> bool:
    from difflib import SequenceMatcher

    same = SequenceMatcher(None, a.casefold(), b.casefold()).find_longest_match().size
    return max(len(a), len(b)) - same >= FEWEST_LETTERS_APART
