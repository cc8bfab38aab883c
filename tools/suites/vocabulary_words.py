"""The word lists of the vocabulary maker."""

OPPOSITES = (
    "hot cold, big small, fast slow, happy sad, open closed, early late, full empty, rich poor, "
    "strong weak, wet dry, loud quiet, clean dirty, high low, near far, thick thin, brave afraid, "
    "deep shallow, wide narrow, sharp blunt, true false, up down, inside outside, buy sell, "
    "win lose, remember forget, arrive leave, laugh cry, begin end, push pull, love hate, "
    "day night, friend enemy, war peace, success failure, always never, more less, top bottom, "
    "alive dead, cheap expensive, asleep awake, polite rude, ancient modern, guilty innocent, "
    "major minor, north south, teacher student, question answer, possible impossible"
)
SYNONYMS = (
    "large big, quick fast, begin start, angry furious, smart clever, tiny small, shut close, "
    "ill sick, sad unhappy, correct right, wealthy rich, silent quiet, gift present, road street, "
    "forest wood, error mistake, reply answer, assist help, purchase buy, huge enormous, "
    "difficult hard, odd strange, brave courageous, scared afraid, thief robber, physician doctor, "
    "garbage trash, autumn fall, sofa couch, movie film, stone rock, buddy friend, mend repair, "
    "tired weary, glad pleased, weep cry"
)
RARE = (
    "abate lessen, candid frank, frugal thrifty, loquacious talkative, ephemeral fleeting, "
    "lucid clear, novice beginner, obstinate stubborn, placid calm, rancid spoiled, "
    "serene peaceful, verbose wordy, wily cunning, zealous eager, amiable friendly, "
    "arduous strenuous, belligerent hostile, benign harmless, brusque curt, capricious fickle, "
    "clandestine secret, deride mock, dormant inactive, enigma riddle, feign pretend, "
    "gullible credulous, hinder impede, immaculate spotless, indigent needy, jubilant joyful, "
    "kindle ignite, lament mourn, meticulous careful, nimble agile, ominous threatening, "
    "penitent remorseful, quell suppress, refute disprove, saunter stroll, tedious boring, "
    "vex annoy, wane dwindle, astute shrewd, cajole coax, exonerate acquit, futile useless, "
    "haughty arrogant, reticent reserved, squalid filthy, vindicate justify"
)
ALIKE = (
    "hot cold wet dry", "big large small tiny huge enormous high wide deep tall major full",
    "low small shallow narrow thin minor less short near", "fast quick slow sharp",
    "happy sad glad unhappy pleased laugh cry weep angry furious love hate",
    "early late begin start end never always modern ancient day night",
    "rich wealthy poor cheap expensive", "strong weak brave courageous afraid scared hard",
    "loud quiet silent", "clean dirty", "open closed close shut inside outside",
    "true false right correct mistake error wrong", "up down top bottom high low north south",
    "buy sell purchase win lose success failure", "friend enemy buddy war peace love hate",
    "alive dead asleep awake tired weary ill sick weak", "push pull arrive leave begin end start",
    "question answer reply", "teacher student physician doctor", "remember forget lose",
    "odd strange ancient", "difficult hard impossible possible", "deep shallow low down bottom",
    "near far inside", "thick thin wide narrow", "sharp blunt thick rude polite",
    "more less big small major minor", "day night dark", "guilty innocent true false",
    "smart clever sharp quick", "assist help mend repair", "begin start up", "fall autumn down",
    "present gift", "wood forest", "rock stone", "film movie", "road street", "couch sofa",
    "robber thief", "trash garbage", "abate lessen wane dwindle quell suppress fleeting",
    "loquacious talkative verbose wordy", "placid calm serene peaceful clear harmless benign",
    "wily cunning astute shrewd", "exonerate acquit vindicate justify disprove refute",
    "hinder impede quell suppress",
    "friendly amiable eager zealous joyful jubilant harmless benign",
    "rancid spoiled squalid filthy",
    "hostile belligerent threatening ominous curt brusque arrogant",
    "secret clandestine reserved reticent curt brusque",
    "calm placid peaceful serene inactive dormant",
    "annoy vex mock deride", "frank candid clear lucid", "needy indigent thrifty frugal",
    "deride mock feign pretend", "cajole coax", "careful meticulous thrifty frugal",
    "boring tedious strenuous arduous useless futile", "fickle capricious fleeting ephemeral",
)  # fmt: skip
"""Words that could be mistaken for one another's synonym or opposite: never offered together."""
PLURALS = (
    "child children, mouse mice, foot feet, tooth teeth, goose geese, man men, woman women, "
    "leaf leaves, knife knives, wolf wolves, city cities, baby babies, box boxes, "
    "church churches, potato potatoes, hero heroes, life lives, shelf shelves, story stories, "
    "ox oxen, half halves, lady ladies, bus buses, dish dishes, wife wives, "
    "loaf loaves, calf calves, tomato tomatoes, party parties, fox foxes, glass glasses, "
    "brush brushes, berry berries, echo echoes, policeman policemen, key keys, roof roofs, "
    "photo photos, piano pianos"
)
PAST = (
    "go went, eat ate, see saw, take took, give gave, run ran, write wrote, sing sang, "
    "drink drank, swim swam, fly flew, break broke, speak spoke, drive drove, buy bought, "
    "catch caught, teach taught, think thought, find found, keep kept, sleep slept, leave left, "
    "feel felt, sell sold, tell told, begin began, choose chose, forget forgot, grow grew, "
    "know knew, throw threw, wear wore, win won, build built, lose lost, bring brought, "
    "come came, draw drew, fall fell, hear heard, hold held, meet met, pay paid, ride rode, "
    "rise rose, say said, send sent, shake shook, spend spent, stand stood, steal stole"
)
COMPARED = (
    "good better best, bad worse worst, big bigger biggest, happy happier happiest, "
    "easy easier easiest, large larger largest, thin thinner thinnest, busy busier busiest, "
    "cheap cheaper cheapest, hot hotter hottest, strong stronger strongest, nice nicer nicest, "
    "old older oldest, early earlier earliest, funny funnier funniest, heavy heavier heaviest, "
    "wide wider widest, dry drier driest, far farther farthest, lazy lazier laziest"
)
DERIVED = (
    "brave bravery, kind kindness, wise wisdom, honest honesty, strong strength, proud pride, "
    "patient patience, cruel cruelty, lazy laziness, generous generosity, curious curiosity, "
    "jealous jealousy, loyal loyalty, polite politeness, beautiful beauty, creative creativity, "
    "famous fame, greedy greed, angry anger, elegant elegance, intelligent intelligence, "
    "stubborn stubbornness, modest modesty, vain vanity, punctual punctuality"
)
KINDS = {
    "fruit": "banana cherry grape pear plum peach mango apricot lemon",
    "animal": "tiger horse rabbit eagle whale goat camel sheep donkey",
    "tool": "hammer saw drill wrench chisel screwdriver shovel axe crowbar",
    "instrument": "violin piano trumpet flute guitar harp cello clarinet banjo",
    "vehicle": "truck bicycle train tractor scooter bus tram ferry van",
    "building": "church castle hospital palace cottage skyscraper barn library cathedral",
    "furniture": "chair table sofa wardrobe desk bookcase stool bed cupboard",
    "garment": "shirt jacket scarf coat skirt sock glove sweater blouse",
}
DEFINED = """
a bakery: A place where bread is made and sold
a library: A place where people borrow books
a passport: A document that you show at the border
a widow: A woman whose husband has died
an orphan: A child whose parents have died
a decade: A period of ten years
a century: A period of one hundred years
a dozen: A set of twelve things
a twin: One of two children born at the same birth
a nephew: The son of your brother or sister
a grandfather: The father of your mother
an island: A piece of land with water on every side
a desert: A dry region where it hardly ever rains
a volcano: A mountain that throws out lava
a glacier: A slow river of ice
an earthquake: A sudden shaking of the ground
a drought: A long time without rain
a flood: Water that covers land which is usually dry
a recipe: A text that tells how to cook a dish
a diary: A book in which one writes what happened each day
a dictionary: A book that explains words
a calendar: A table of the days and months of a year
a thief: Someone who takes what belongs to others
a witness: Someone who saw a crime
a volunteer: Someone who works without being paid
a vegetarian: Someone who eats no meat
a pedestrian: Someone who goes on foot
an architect: Someone who plans houses
a plumber: Someone who repairs water pipes
a surgeon: A doctor who operates
a dentist: A doctor for teeth
a translator: Someone who puts a text into another language
an heir: Someone who gets the property of a dead person
a hostage: Someone who is held until a demand is met
a rumour: A story that is passed on without proof
a proverb: A short saying with a piece of wisdom
an excuse: A reason given for a fault
a bribe: Money paid to make somebody act wrongly
a debt: Money that one owes
a salary: Money paid each month for work
a fine: Money paid as a punishment
a shadow: A dark shape behind a thing in the light
an echo: A sound that comes back from a wall
a nightmare: A frightening dream
"""
