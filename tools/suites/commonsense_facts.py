"""What the commonsense maker knows: uses, traits, materials, scales, work places, animals."""

USES = {
    "a hammer": "drive nails", "a spoon": "eat soup", "a towel": "dry your hands",
    "an umbrella": "stay dry in the rain", "a needle": "sew clothes", "a broom": "sweep the floor",
    "a ladder": "reach high places", "a pillow": "rest your head", "a key": "open a lock",
    "a thermometer": "measure the temperature", "a pencil": "write notes", "a kettle": "boil water",
    "scissors": "cut paper", "glasses": "read small print", "a lamp": "light a room",
    "a saw": "cut wood", "a comb": "tidy your hair", "soap": "wash your hands",
    "a map": "find the way", "a watch": "tell the time", "a freezer": "keep food frozen",
    "a shovel": "dig a hole", "a bandage": "cover a wound", "a bucket": "carry water",
    "a telescope": "look at the stars", "a parachute": "jump from a plane",
    "a whistle": "call the players", "an oven": "bake bread", "a rope": "tie up a boat",
    "a ruler": "measure length", "a bicycle": "ride to work", "a stamp": "send a letter",
    "a net": "catch fish", "a helmet": "protect your head", "a blanket": "keep warm at night",
    "a razor": "shave", "a fan": "cool the air", "a microphone": "record a voice",
    "a calculator": "add large numbers", "an axe": "split logs", "a scale": "weigh flour",
    "a mirror": "see your own face", "a corkscrew": "open a bottle of wine",
    "a rake": "gather leaves", "a wheelbarrow": "move soil", "a compass": "find north",
    "a tent": "sleep outdoors", "a toothbrush": "clean your teeth", "an anchor": "hold a ship",
    "an iron": "smooth a shirt",
}  # fmt: skip
LIKEWISE = {
    "see your own face": ("a telescope",), "cut paper": ("a razor", "an axe", "a saw"),
    "cut wood": ("an axe", "scissors", "a razor"), "split logs": ("a saw", "a hammer"),
    "keep warm at night": ("an oven", "a tent", "a pillow", "a lamp", "an iron"),
    "stay dry in the rain": ("a tent", "a towel", "a helmet", "a blanket", "a bucket"),
    "sleep outdoors": ("a blanket", "a pillow"), "find the way": ("a compass", "a lamp"),
    "find north": ("a map", "a watch"), "dig a hole": ("a bucket", "a wheelbarrow", "a rake"),
    "move soil": ("a shovel", "a bucket", "a rake"), "carry water": ("a kettle", "a spoon",
    "a wheelbarrow"), "boil water": ("an oven", "an iron"), "measure length": ("a rope", "a map"),
    "rest your head": ("a blanket", "a towel"), "dry your hands": ("a fan", "a blanket",
    "an oven"), "wash your hands": ("a bucket", "a kettle", "a towel"), "reach high places":
    ("a rope", "a broom"), "gather leaves": ("a broom", "a shovel", "a bucket", "a net",
    "a wheelbarrow"), "sweep the floor": ("a rake",), "hold a ship": ("a rope",),
    "tie up a boat": ("an anchor", "a net"), "read small print": ("a lamp", "a telescope"),
    "look at the stars": ("glasses", "a mirror"), "cover a wound": ("a towel", "a blanket",
    "a stamp"), "eat soup": ("a bucket",), "protect your head": ("an umbrella", "a pillow"),
    "sew clothes": ("scissors",), "tidy your hair": ("a mirror", "scissors", "a razor"),
    "shave": ("scissors", "a mirror", "soap"), "cool the air": ("a freezer",),
    "write notes": ("a calculator",), "call the players": ("a microphone",),
    "smooth a shirt": ("a kettle",), "catch fish": ("a rope", "a bucket"),
    "clean your teeth": ("soap",), "jump from a plane": ("a helmet", "a rope"),
    "ride to work": ("a helmet", "a map"), "send a letter": ("a pencil",),
    "drive nails": ("an axe", "an iron"), "light a room": ("a mirror",),
    "open a lock": ("a hammer", "a saw", "an axe"), "weigh flour": ("a spoon",),
    "open a bottle of wine": ("a hammer", "a key"), "measure the temperature": ("a fan",),
    "add large numbers": ("a pencil",), "tell the time": ("a compass",),
}  # fmt: skip
"""Things that could also do it: never a wrong answer."""
TRAITS = {
    "cold": ("hot", ("Ice", "Snow", "The North Pole")),
    "hot": ("cold", ("Fire", "Boiling water", "The sun", "Lava")),
    "sweet": ("bitter", ("Sugar", "Honey", "Jam", "Chocolate cake")),
    "sour": ("sweet", ("A lemon", "Vinegar")),
    "soft": ("hard", ("A pillow", "Cotton", "Butter in the sun")),
    "hard": ("soft", ("A stone", "A diamond", "Steel", "A brick")),
    "heavy": ("light", ("An elephant", "An anvil", "A truck", "A grand piano")),
    "light": ("heavy", ("A feather", "A sheet of paper", "A soap bubble")),
    "sharp": ("blunt", ("A needle", "A razor", "A thorn")),
    "slow": ("fast", ("A turtle", "A snail", "A glacier")),
    "fast": ("slow", ("A jet plane", "A cheetah", "Lightning", "A rocket")),
    "wet": ("dry", ("Rain", "A swamp", "A puddle")),
    "dry": ("wet", ("A desert", "Dust", "Old straw")),
    "dark": ("bright", ("A cave", "Midnight", "A closed cellar")),
    "loud": ("quiet", ("Thunder", "An explosion", "A jackhammer")),
    "fragile": ("sturdy", ("An eggshell", "A wine glass", "A soap bubble in the wind")),
    "tall": ("short", ("A giraffe", "A skyscraper", "A lighthouse")),
    "small": ("big", ("An ant", "A grain of sand", "A seed")),
    "deep": ("shallow", ("The ocean", "A well", "A canyon")),
    "dangerous": ("harmless", ("A shark", "Poison", "A live wire")),
}
MATERIALS = {
    "A window pane": "glass", "A wedding ring": "gold", "A brick": "clay", "A newspaper": "paper",
    "A sweater": "wool", "A tyre": "rubber", "A snowman": "snow", "A dining table": "wood",
    "A pair of jeans": "cotton", "A horseshoe": "iron", "A candle": "wax", "A saddle": "leather",
    "A sand castle": "sand", "A sidewalk": "concrete", "A beer can": "aluminium",
    "A cheese": "milk", "Jam": "fruit", "An igloo": "ice", "A shopping bag": "plastic",
}  # fmt: skip
SCALES = {
    "larger": ("In size, {} is larger than", "In size, {} is smaller than", (
        "a grain of sand", "an ant", "a mouse", "a cat", "a dog", "a cow", "an elephant",
        "a house", "a skyscraper", "a mountain", "the moon", "the Earth", "the sun",
    )),
    "heavier": ("{} weighs more than", "{} weighs less than", (
        "a feather", "a coin", "an apple", "a brick", "a chair", "a person", "a horse",
        "a car", "a bus", "a train", "an ocean liner",
    )),
    "faster": ("{} moves faster than", "{} moves more slowly than", (
        "a glacier", "a snail", "a person on foot", "a bicycle", "a racing car", "a jet plane",
        "a bullet", "a rocket to the moon", "light",
    )),
    "longer": ("{} lasts longer than", "{} is over sooner than", (
        "a second", "a minute", "an hour", "a day", "a week", "a month", "a year", "a decade",
        "a century", "an ice age",
    )),
    "hotter": ("{} is hotter than", "{} is colder than", (
        "dry ice", "snow", "a cool cellar", "a summer day", "a hot bath", "boiling water",
        "a baking oven", "molten iron", "the surface of the sun",
    )),
    "farther": ("From London, {} is farther away than", "From London, {} is nearer than", (
        "Oxford", "Manchester", "Paris", "Rome", "Moscow", "New York", "Tokyo", "the moon",
        "the sun", "the nearest other star",
    )),
    "older": ("{} was invented before", "{} was invented after", (
        "the smartphone", "the internet", "the computer", "the television",
        "the airplane", "the telephone", "the steam engine", "the printing press", "paper",
        "the wheel", "the stone axe",
    )),
    "dearer": ("In a shop, {} costs more than", "In a shop, {} costs less than", (
        "a match", "a pencil", "a loaf of bread", "a book", "a pair of shoes", "a bicycle",
        "a car", "a house", "a castle",
    )),
}  # fmt: skip
PLACES = {
    "a doctor": "hospital", "a teacher": "school", "a baker": "bakery", "a farmer": "field",
    "a sailor": "ship", "a judge": "courtroom", "a waiter": "restaurant", "a librarian": "library",
    "a pilot": "cockpit", "an actor": "theatre", "a miner": "mine", "a priest": "church",
    "a chemist": "laboratory", "a mechanic": "garage", "a cashier": "supermarket",
    "a zookeeper": "zoo", "a barber": "barbershop", "a prison guard": "jail",
    "a blacksmith": "forge", "a monk": "monastery",
}  # fmt: skip
NEEDS = {
    "a painter": "a brush", "a carpenter": "a saw", "a fisherman": "a net", "a cook": "a stove",
    "a photographer": "a camera", "a dentist": "a drill", "a tailor": "thread",
    "a surgeon": "a scalpel", "a hairdresser": "a comb", "a lumberjack": "an axe",
    "an astronomer": "a telescope", "a goalkeeper": "gloves", "a cyclist": "a bicycle",
    "a violinist": "a bow", "a programmer": "a computer", "a taxi driver": "a car",
    "a diver": "an air tank", "a referee": "a whistle", "a jockey": "a horse",
    "a postman": "a mailbag",
}  # fmt: skip
ANIMALS = {
    "dog": "barks", "cat": "meows", "cow": "moos", "duck": "quacks", "lion": "roars",
    "snake": "hisses", "bee": "buzzes", "horse": "neighs", "owl": "hoots", "wolf": "howls",
    "frog": "croaks", "sheep": "bleats", "pig": "oinks",
}  # fmt: skip
YOUNG = {
    "dog": "puppy", "cat": "kitten", "cow": "calf", "horse": "foal", "sheep": "lamb",
    "duck": "duckling", "goat": "kid", "bear": "cub", "frog": "tadpole", "swan": "cygnet",
    "pig": "piglet", "chicken": "chick", "deer": "fawn", "goose": "gosling",
    "kangaroo": "joey",
}  # fmt: skip
