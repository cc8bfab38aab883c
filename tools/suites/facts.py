"""World knowledge from fact packages, each fact checked against a second one where there is one.

Countries: countryinfo (MIT). Elements: periodictable (public domain). Languages and currencies are
checked against Unicode CLDR through babel. Disputed and changing facts are left out.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from suites.item import Item, choose, spaced

KNOWN = (
    "Algeria Argentina Australia Austria Bangladesh Belgium Bolivia Brazil Bulgaria Cambodia "
    "Canada Chile China Colombia Croatia Cuba Denmark Ecuador Egypt Estonia Ethiopia Finland "
    "France Germany Ghana Greece Hungary Iceland India Indonesia Iran Iraq Ireland Israel Italy "
    "Jamaica Japan Jordan Kenya Latvia Lebanon Libya Lithuania Madagascar Malaysia Mali Mexico "
    "Mongolia Morocco Mozambique Nepal Netherlands Nicaragua Nigeria Norway Pakistan Panama "
    "Paraguay Peru Philippines Poland Portugal Romania Russia Senegal Slovakia Somalia Spain "
    "Sudan Sweden Switzerland Syria Tanzania Thailand Tunisia Turkey Uganda Ukraine Uruguay "
    "Venezuela Vietnam Zambia Zimbabwe"
).split()
TONGUES = {
    "Austria": "German", "Brazil": "Portuguese", "China": "Chinese", "Denmark": "Danish",
    "Egypt": "Arabic", "Finland": "Finnish", "France": "French", "Germany": "German",
    "Greece": "Greek", "Hungary": "Hungarian", "Iran": "Persian", "Iraq": "Arabic",
    "Italy": "Italian", "Japan": "Japanese", "Mexico": "Spanish", "Netherlands": "Dutch",
    "Norway": "Norwegian", "Poland": "Polish", "Portugal": "Portuguese", "Romania": "Romanian",
    "Russia": "Russian", "Spain": "Spanish", "Sweden": "Swedish", "Thailand": "Thai",
    "Turkey": "Turkish", "Ukraine": "Ukrainian", "Vietnam": "Vietnamese", "Bulgaria": "Bulgarian",
    "Argentina": "Spanish", "Chile": "Spanish", "Cuba": "Spanish", "Peru": "Spanish",
    "Libya": "Arabic", "Jordan": "Arabic", "Syria": "Arabic", "Iceland": "Icelandic",
}  # fmt: skip
CURRENCIES = {
    "Japan": "yen", "India": "rupee", "Russia": "ruble", "Poland": "zloty", "Mexico": "peso",
    "Brazil": "real", "Turkey": "lira", "Thailand": "baht", "China": "yuan", "Sweden": "krona",
    "Switzerland": "franc", "Israel": "shekel", "Vietnam": "dong", "Hungary": "forint",
    "Ukraine": "hryvnia", "Nigeria": "naira", "Kenya": "shilling", "Ghana": "cedi",
    "Bangladesh": "taka", "Indonesia": "rupiah", "Malaysia": "ringgit", "Germany": "euro",
    "Australia": "dollar", "Iran": "rial", "Peru": "sol", "Denmark": "krone",
}  # fmt: skip
NORTH = {"Canada", "Mexico", "Cuba", "Jamaica", "Nicaragua", "Panama"}
TWO_CONTINENTS = {"Russia", "Turkey", "Egypt", "Indonesia"}
TWO_CAPITALS = {"Bolivia", "Israel", "Indonesia", "Switzerland", "Netherlands"}
"""Capitals that are disputed, about to move, or not the seat of government."""
CONTINENT_NAMES = ["Africa", "Europe", "Asia", "South America", "North America", "Oceania"]
LAST_SYMBOL = 56
LAST_NUMBER = 36


@dataclass(frozen=True)
class Country:
    """What one question may need to know of a country."""

    name: str
    code: str
    capital: str
    continent: str
    neighbours: frozenset[str]
    """Three-letter codes."""


def make(rng: random.Random) -> list[Item]:
    """Capitals and countries both ways, continents, neighbours, languages, currencies, elements."""
    countries = _countries()
    return [
        *_capitals(rng, countries), *_continents(rng, countries), *_neighbours(rng, countries),
        *_tongues(rng), *_currencies(rng), *_elements(rng),
    ]  # fmt: skip


def _capitals(rng: random.Random, countries: list[Country]) -> Iterator[Item]:
    """The wrong capitals and countries are of the same continent where it has enough."""
    asked = [country for country in countries if country.name not in TWO_CAPITALS]
    for country in asked:
        near = [c for c in asked if c.continent == country.continent]
        pool = near if len(near) > 3 else asked
        wrong = choose(rng, [c.capital for c in pool], country.capital, 3)
        prompt = f"The capital of {country.name} is"
        yield Item(prompt, f" {country.capital}", spaced(wrong), "capital")
        if country.name not in country.capital:
            wrong = choose(rng, [c.name for c in pool], country.name, 3)
            prompt = f"The city of {country.capital} is the capital of"
            yield Item(prompt, f" {country.name}", spaced(wrong), "capital-of")


def _continents(rng: random.Random, countries: list[Country]) -> Iterator[Item]:
    for country in countries:
        if country.name not in TWO_CONTINENTS:
            wrong = choose(rng, CONTINENT_NAMES, country.continent, 3)
            prompt = f"{country.name} is a country on the continent of"
            yield Item(prompt, f" {country.continent}", spaced(wrong), "continent")


def _neighbours(rng: random.Random, countries: list[Country]) -> Iterator[Item]:
    """The hardest kind: the wrong countries are of the same continent and share no border."""
    for country in countries:
        touching = [
            c for c in countries if c.code in country.neighbours or country.code in c.neighbours
        ]
        apart = [
            c.name
            for c in countries
            if c.continent == country.continent and c not in touching and c != country
        ]
        if touching and len(apart) >= 3:
            right = rng.choice(touching).name
            prompt = f"{country.name} has a border with"
            yield Item(prompt, f" {right}", spaced(choose(rng, apart, right, 3)), "neighbour")


def _tongues(rng: random.Random) -> Iterator[Item]:
    from babel import Locale
    from babel.languages import get_global

    spoken, english = get_global("territory_languages"), Locale("en")
    codes = {name: code for code, name in english.territories.items()} | {"Turkey": "TR"}
    for name, tongue in TONGUES.items():
        shares = {
            english.languages[language]: facts["population_percent"]
            for language, facts in spoken[codes[name]].items()
            if language in english.languages
        }
        if shares.get(tongue, 0) < max(shares.values()):
            raise ValueError(f"CLDR knows another first language of {name}: {shares}")
        wrong = choose(rng, TONGUES.values(), {tongue, *shares}, 3)
        yield Item(f"Most people in {name} speak", f" {tongue}", spaced(wrong), "language")


def _currencies(rng: random.Random) -> Iterator[Item]:
    from babel.numbers import get_currency_name
    from countryinfo import CountryInfo

    for name, money in CURRENCIES.items():
        known = [get_currency_name(c, locale="en") for c in CountryInfo(name).info()["currencies"]]
        if not any(money in full.casefold().split() for full in known):
            raise ValueError(f"CLDR knows another currency of {name}: {known}, not {money}")
        wrong = choose(rng, CURRENCIES.values(), money, 3)
        prompt = f"The currency of {name} is called the"
        yield Item(prompt, f" {money}", spaced(wrong), "currency")


def _countries() -> list[Country]:
    from countryinfo import CountryInfo

    found = []
    for name in KNOWN:
        facts: dict[str, Any] = CountryInfo(name).info()
        region = str(facts["region"])
        if region == "Americas":
            region = "North America" if name in NORTH else "South America"
        found.append(
            Country(
                name=name,
                code=facts["ISO"]["alpha3"],
                capital=facts["capital"],
                continent=region,
                neighbours=frozenset(facts.get("borders") or ()),
            )
        )
    return found


def _elements(rng: random.Random) -> Iterator[Item]:
    import periodictable

    elements = [e for e in periodictable.elements if 1 <= e.number <= LAST_SYMBOL]
    for element in elements:
        wrong = choose(rng, [e.symbol for e in elements], element.symbol, 3)
        prompt = f"The chemical symbol for {element.name} is"
        yield Item(prompt, f" {element.symbol}", spaced(wrong), "element")
        wrong = choose(rng, [e.name for e in elements], element.name, 3)
        prompt = f"In chemistry, {element.symbol} stands for"
        yield Item(prompt, f" {element.name}", spaced(wrong), "symbol")
        if element.number <= LAST_NUMBER:
            near = [e.name for e in elements if 0 < abs(e.number - element.number) <= 6]
            prompt = f"The element with the atomic number {element.number} is"
            yield Item(prompt, f" {element.name}", spaced(choose(rng, near, "", 3)), "number")
