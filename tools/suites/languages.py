"""Multilingual basics: everyday words in five languages, both ways."""

from __future__ import annotations

import random

from suites.item import Item, choose

LANGUAGES = ("French", "Spanish", "German", "Italian", "Portuguese")
WORDS = """
house: maison casa Haus casa casa
water: eau agua Wasser acqua água
bread: pain pan Brot pane pão
cat: chat gato Katze gatto gato
dog: chien perro Hund cane cão
book: livre libro Buch libro livro
friend: ami amigo Freund amico amigo
night: nuit noche Nacht notte noite
day: jour día Tag giorno dia
sun: soleil sol Sonne sole sol
moon: lune luna Mond luna lua
tree: arbre árbol Baum albero árvore
fire: feu fuego Feuer fuoco fogo
milk: lait leche Milch latte leite
hand: main mano Hand mano mão
heart: cœur corazón Herz cuore coração
world: monde mundo Welt mondo mundo
time: temps tiempo Zeit tempo tempo
red: rouge rojo rot rosso vermelho
white: blanc blanco weiß bianco branco
black: noir negro schwarz nero preto
green: vert verde grün verde verde
big: grand grande groß grande grande
small: petit pequeño klein piccolo pequeno
good: bon bueno gut buono bom
one: un uno eins uno um
two: deux dos zwei due dois
three: trois tres drei tre três
mother: mère madre Mutter madre mãe
father: père padre Vater padre pai
"""


def make(rng: random.Random) -> list[Item]:
    """English word to the other language, and back."""
    table = [line.split(": ") for line in WORDS.strip().splitlines()]
    entries = [(english, others.split()) for english, others in table]
    items = []
    for english, others in entries:
        for index, language in enumerate(LANGUAGES):
            pool = [row[index] for _, row in entries]
            wrong = choose(rng, pool, others[index], 3)
            prompt = f'The {language} word for "{english}" is "'
            items.append(Item(prompt, others[index], wrong, f"to-{language.lower()}"))
            wrong = choose(rng, [e for e, _ in entries], english, 3)
            prompt = f'In English, the {language} word "{others[index]}" means "'
            items.append(Item(prompt, english, wrong, f"from-{language.lower()}"))
    return items
