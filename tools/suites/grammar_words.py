"""The lexicon of the grammar maker: short words that every sentence frame can take."""

NOUNS = [
    ("teacher", "teachers"), ("doctor", "doctors"), ("farmer", "farmers"), ("driver", "drivers"),
    ("painter", "painters"), ("neighbour", "neighbours"), ("lawyer", "lawyers"),
    ("sailor", "sailors"), ("baker", "bakers"), ("visitor", "visitors"),
]  # fmt: skip
THINGS = [
    ("book", "books"), ("chair", "chairs"), ("letter", "letters"), ("window", "windows"),
    ("bridge", "bridges"), ("garden", "gardens"), ("picture", "pictures"), ("bottle", "bottles"),
]  # fmt: skip
VERBS = [
    ("waits", "wait"), ("sings", "sing"), ("laughs", "laugh"), ("works", "work"),
    ("sleeps", "sleep"), ("travels", "travel"), ("complains", "complain"), ("swims", "swim"),
]  # fmt: skip
PLACES = ["near the station", "in the kitchen", "behind the school", "on the beach", "at home"]
IRREGULAR = [
    ("written", "wrote", "a letter"), ("eaten", "ate", "an apple"), ("broken", "broke", "a cup"),
    ("taken", "took", "a picture"), ("driven", "drove", "the car"), ("seen", "saw", "the film"),
    ("given", "gave", "a speech"), ("chosen", "chose", "a colour"), ("drawn", "drew", "a map"),
    ("stolen", "stole", "a bicycle"), ("forgotten", "forgot", "the key"), ("worn", "wore", "a hat"),
]  # fmt: skip
PEOPLE = [
    ("Anna", "herself", "she"), ("Peter", "himself", "he"), ("Maria", "herself", "she"),
    ("David", "himself", "he"), ("Susan", "herself", "she"), ("Tom", "himself", "he"),
]  # fmt: skip
REFLEXIVE = ["hurt", "introduced", "blamed", "trusted", "praised"]
TRANSITIVE = [
    ("woke", "slept"), ("raised", "rose"), ("warned", "laughed"), ("surprised", "smiled"),
    ("helped", "arrived"), ("followed", "disappeared"), ("praised", "sneezed"),
    ("invited", "existed"),
]  # fmt: skip
"""A verb that takes an object, and one that takes none."""
GERUND = ["enjoys", "avoids", "finished", "suggested"]
INFINITIVE = ["hopes", "wants", "decided", "refused", "promised"]
ACTIONS = [
    ("swimming", "swim"), ("cooking", "cook"), ("dancing", "dance"), ("reading", "read"),
    ("painting", "paint"), ("singing", "sing"), ("running", "run"), ("driving", "drive"),
]  # fmt: skip
