"""Commonsense and physical reasoning: what things are for, what they are like, what follows."""

from __future__ import annotations

import random

from suites.item import Item, choose

USES = {
    "a hammer": "drive nails", "a spoon": "eat soup", "a towel": "dry your hands",
    "an umbrella": "stay dry in the rain", "a needle": "sew clothes", "a broom": "sweep the floor",
    "a ladder": "reach high places", "a pillow": "rest your head", "a key": "open a lock",
    "a thermometer": "measure the temperature", "a pencil": "write notes", "a kettle": "boil water",
    "scissors": "cut paper", "glasses": "see better", "a lamp": "light a room",
    "a saw": "cut wood", "a comb": "tidy your hair", "soap": "wash your hands",
    "a map": "find the way", "a watch": "tell the time", "a freezer": "keep food frozen",
    "a shovel": "dig a hole", "a bandage": "cover a wound", "a bucket": "carry water",
    "a telescope": "look at the stars", "a parachute": "land safely", "a whistle": "make a sound",
    "a candle": "give light", "an oven": "bake bread", "a rope": "tie things together",
    "a ruler": "measure length", "a bicycle": "ride to work", "a stamp": "send a letter",
    "a net": "catch fish", "a helmet": "protect your head", "a blanket": "keep warm",
    "a razor": "shave", "a fan": "cool the air", "a microphone": "record a voice",
    "a calculator": "add numbers",
}  # fmt: skip
TRAITS = {
    "Ice": "cold", "Fire": "hot", "Sugar": "sweet", "A feather": "light", "A stone": "hard",
    "Honey": "sticky", "A lemon": "sour", "The sea": "salty", "A pillow": "soft",
    "Glass": "fragile", "A needle": "sharp", "The night": "dark", "Silk": "smooth",
    "A turtle": "slow", "A giraffe": "tall", "An elephant": "heavy", "Grass": "green",
    "Snow": "white", "Blood": "red", "A mouse": "small",
}  # fmt: skip
CAUSES = [
    ("The glass fell on the stone floor, so it", "broke", ("melted", "froze", "grew")),
    ("The ice was left in the sun, so it", "melted", ("froze", "burned", "broke")),
    ("Nobody watered the plant, so it", "died", ("grew", "froze", "sang")),
    ("She put the wet coat by the fire, so it", "dried", ("froze", "rusted", "shrank away")),
    ("He forgot the cake in the oven, so it", "burned", ("froze", "melted", "grew")),
    ("The balloon touched the needle, so it", "burst", ("froze", "grew", "dried")),
    ("The iron gate stood in the rain for years, so it", "rusted", ("melted", "bloomed", "burst")),
    (
        "The water stayed outside in the freezing night, so it",
        "froze",
        ("boiled", "burned", "rusted"),
    ),
    ("The baby was tired, so it", "slept", ("flew", "drove", "melted")),
    ("The battery was empty, so the phone", "turned off", ("rang", "flew", "grew")),
    ("There was a lot of traffic, so the bus was", "late", ("early", "sweet", "asleep")),
    ("The milk was two weeks old, so it tasted", "sour", ("fresh", "loud", "metallic blue")),
    ("It was raining hard, so she took an", "umbrella", ("orange", "elevator", "iron")),
    ("He was thirsty, so he drank some", "water", ("sand", "stones", "paper")),
    ("The room was dark, so she turned on the", "light", ("tap", "oven", "radio")),
    ("The soup was too hot, so he", "waited", ("froze", "swam", "shouted at the moon")),
    ("The dog was hungry, so it wanted", "food", ("a book", "a tie", "a song")),
    ("She had a toothache, so she went to the", "dentist", ("baker", "cinema", "barber")),
    ("The car had no fuel, so it", "stopped", ("flew", "sang", "melted")),
    ("It was cold outside, so he wore a", "coat", ("swimsuit", "plate", "flower")),
]
PLACES = {
    "a doctor": "hospital", "a teacher": "school", "a baker": "bakery", "a farmer": "farm",
    "a sailor": "ship", "a judge": "court", "a waiter": "restaurant", "a librarian": "library",
    "a pilot": "airplane", "an actor": "theatre", "a miner": "mine", "a priest": "church",
    "a chemist": "laboratory", "a lifeguard": "beach", "a mechanic": "garage",
    "a cashier": "shop", "a gardener": "garden", "a zookeeper": "zoo", "a barber": "barbershop",
    "a guard": "prison",
}  # fmt: skip
ANIMALS = {
    "dog": "barks", "cat": "meows", "cow": "moos", "duck": "quacks", "lion": "roars",
    "snake": "hisses", "bee": "buzzes", "horse": "neighs", "owl": "hoots", "wolf": "howls",
    "frog": "croaks", "bird": "chirps",
}  # fmt: skip
YOUNG = {
    "dog": "puppy", "cat": "kitten", "cow": "calf", "horse": "foal", "sheep": "lamb",
    "duck": "duckling", "goat": "kid", "bear": "cub", "frog": "tadpole", "swan": "cygnet",
    "pig": "piglet", "chicken": "chick",
}  # fmt: skip
ORDER = [
    ("before you eat an egg you", "break its shell", ("plant it", "fold it", "iron it")),
    (
        "before you enter a locked house you",
        "open the door",
        ("paint the roof", "sell it", "leave"),
    ),
    ("after you wash your hands you", "dry them", ("cook them", "lose them", "sell them")),
    ("before you sleep you", "close your eyes", ("start to run", "boil an egg", "open a shop")),
    ("after you fall into a lake you are", "wet", ("dry", "invisible", "rich")),
    (
        "before you can bake bread you",
        "make the dough",
        ("eat the oven", "sell the knife", "mow the lawn"),
    ),
    ("after it rained the street is", "wet", ("hungry", "wooden", "asleep")),
    ("before you post a letter you need a", "stamp", ("helmet", "fish", "pillow")),
    ("after a long walk your legs are", "tired", ("square", "sweet", "silent")),
    (
        "before you cross a busy street you",
        "look both ways",
        ("close your eyes", "lie down", "sing"),
    ),
    (
        "to keep milk fresh you put it in the",
        "refrigerator",
        ("oven", "garden", "cupboard under the stove"),
    ),
    ("to see in the dark you need a", "torch", ("spoon", "pillow", "comb")),
    ("if you drop a stone into a lake it", "sinks", ("floats", "flies", "melts")),
    ("if you drop a cork into a lake it", "floats", ("sinks", "burns", "explodes")),
    ("if you heat water long enough it", "boils", ("freezes", "rusts", "barks")),
    ("before a plane can land it must", "fly", ("sleep", "eat", "sing")),
    ("after the sun sets it gets", "dark", ("bright", "noisy", "sweet")),
    ("before you read a letter you", "open the envelope", ("burn it", "eat it", "post it again")),
]


def make(rng: random.Random) -> list[Item]:
    """Uses, traits, causes, work places, animals, order of events."""
    items = []
    for thing, use in USES.items():
        wrong = _spaced(choose(rng, USES.values(), use, 3))
        items.append(Item(f"You use {thing} to", f" {use}", wrong, "use"))
        wrong = _spaced(choose(rng, USES, thing, 3))
        items.append(Item(f"To {use}, you need", f" {thing}", wrong, "tool"))
    for thing, trait in TRAITS.items():
        wrong = _spaced(choose(rng, _unlike(trait), trait, 1))
        items.append(Item(f"{thing} is", f" {trait}", wrong, "trait"))
    for who, place in PLACES.items():
        wrong = _spaced(choose(rng, PLACES.values(), place, 3))
        items.append(Item(f"You would find {who} at work in a", f" {place}", wrong, "place"))
        wrong = _spaced(choose(rng, PLACES, who, 3))
        items.append(Item(f"The person who works in a {place} is", f" {who}", wrong, "worker"))
    for animal, sound in ANIMALS.items():
        wrong = _spaced(choose(rng, ANIMALS.values(), sound, 3))
        items.append(Item(f"The {animal}", f" {sound}", wrong, "sound"))
    for animal, young in YOUNG.items():
        wrong = _spaced(choose(rng, YOUNG.values(), young, 3))
        items.append(Item(f"A young {animal} is called a", f" {young}", wrong, "young"))
    for kind, cases in (("cause", CAUSES), ("order", ORDER)):
        items += [Item(_upper(p), f" {right}", _spaced(wrong), kind) for p, right, wrong in cases]
    return items


OPPOSITES = {
    "cold": "hot", "hot": "cold", "sweet": "bitter", "light": "heavy", "hard": "soft",
    "sticky": "dry", "sour": "sweet", "salty": "sugary", "soft": "hard", "fragile": "unbreakable",
    "sharp": "blunt", "dark": "bright", "smooth": "rough", "slow": "fast", "tall": "short",
    "heavy": "weightless", "green": "purple", "white": "black", "red": "blue", "small": "huge",
}  # fmt: skip


def _unlike(trait: str) -> tuple[str]:
    return (OPPOSITES[trait],)


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _spaced(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f" {word}" for word in words)
