"""World knowledge from fact packages: countries (countryinfo, MIT), elements (periodictable)."""

from __future__ import annotations

import random
from typing import Any

from suites.item import Item, choose

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
CONTINENTS = {"Africa": "Africa", "Europe": "Europe", "Asia": "Asia", "Oceania": "Oceania"}
CONTINENT_NAMES = ["Africa", "Europe", "Asia", "South America", "North America", "Oceania"]


def make(rng: random.Random) -> list[Item]:
    """Capitals, continents, languages, currencies, elements."""
    countries = _countries()
    capitals = [capital for capital, _ in countries.values()]
    items = []
    for name, (capital, continent) in countries.items():
        wrong = choose(rng, capitals, capital, 3)
        items.append(Item(f"The capital of {name} is", f" {capital}", _spaced(wrong), "capital"))
        if continent is not None:
            wrong = choose(rng, CONTINENT_NAMES, continent, 3)
            prompt = f"{name} is a country on the continent of"
            items.append(Item(prompt, f" {continent}", _spaced(wrong), "continent"))
    for name, tongue in TONGUES.items():
        wrong = choose(rng, TONGUES.values(), tongue, 3)
        prompt = f"Most people in {name} speak"
        items.append(Item(prompt, f" {tongue}", _spaced(wrong), "language"))
    for name, money in CURRENCIES.items():
        wrong = choose(rng, CURRENCIES.values(), money, 3)
        prompt = f"The currency of {name} is called the"
        items.append(Item(prompt, f" {money}", _spaced(wrong), "currency"))
    return items + _elements(rng)


def _countries() -> dict[str, tuple[str, str | None]]:
    from countryinfo import CountryInfo

    found: dict[str, tuple[str, str | None]] = {}
    for name in KNOWN:
        try:
            info: dict[str, Any] = CountryInfo(name).info()
        except (KeyError, ValueError):
            continue
        capital = info.get("capital")
        if isinstance(capital, str) and capital.isascii():
            found[name] = (capital, _continent(info))
    return found


def _continent(info: dict[str, Any]) -> str | None:
    region, part = str(info.get("region")), str(info.get("subregion"))
    if region == "Americas":
        return "South America" if "South" in part else "North America" if "North" in part else None
    return CONTINENTS.get(region)


def _elements(rng: random.Random) -> list[Item]:
    import periodictable

    elements = [e for e in periodictable.elements if 1 <= e.number <= 56]
    symbols = [e.symbol for e in elements]
    items = []
    for element in elements:
        wrong = choose(rng, symbols, element.symbol, 3)
        prompt = f"The chemical symbol for {element.name} is"
        items.append(Item(prompt, f" {element.symbol}", _spaced(wrong), "element"))
    return items


def _spaced(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f" {word}" for word in words)
