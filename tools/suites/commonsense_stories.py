"""Own short scenes: a cause and what follows, an order of events, a plan and its reason."""

CAUSE = """
The glass fell on the stone floor, so it | broke | melted | froze | grew
The ice was left in the sun, so it | melted | froze | burned | rusted
Nobody watered the plant for a year, so it | died | grew | froze | sang
She hung the wet coat by the fire, so it | dried | froze | rusted | grew
He forgot the cake in the oven, so it | burned | froze | melted | grew
The balloon touched the needle, so it | burst | froze | grew | dried
The iron gate stood in the rain for years, so it | rusted | melted | bloomed | burst
The water stayed outside in the icy night, so it | froze | boiled | burned | rusted
The baby was tired, so it | slept | flew | drove | melted
The battery was empty, so the phone | turned off | rang loudly | flew away | grew
There was a lot of traffic, so the bus was | late | early | sweet | asleep
The milk was three weeks old, so it tasted | sour | fresh | loud | blue
It was raining hard, so she took an | umbrella | orange | elevator | iron
He was thirsty, so he drank some | water | sand | stones | paper
The room was dark, so she turned on the | light | tap | oven | fan
The soup was too hot, so he | waited | froze | swam | added fire
The dog was hungry, so it wanted | food | a book | a tie | a song
She had a toothache, so she went to the | dentist | baker | cinema | barber
The car had no fuel, so it | stopped | flew | sang | melted
It was cold outside, so he wore a | coat | swimsuit | plate | flower
The shop was closed, so they came back | tomorrow | yesterday | last week | never before
He had studied every day, so the exam seemed | easy | heavy | green | hollow
The bridge was down, so they crossed the river by | boat | car | train | bicycle
The baby was crying, so the mother | picked it up | sold it | painted it | mailed it
The road was icy, so the driver went | slowly | faster | barefoot | home by sea
The bag was too heavy for one, so they carried it | together | apart | in secret | upside down
The alarm did not ring, so he woke up too | late | early | tall | wide
The knife was blunt, so the cook | sharpened it | ate it | watered it | thanked it
The well was dry, so the village had no | water | wind | light | sand
The wind blew out the candle, so the room became | dark | bright | hot | loud
The dough contained no yeast, so the bread stayed | flat | high | loud | wet
She lost her key, so she could not open the | door | bottle | book | umbrella
The ball rolled onto the street, so the car | braked | bloomed | sang | applauded
It had not rained for months, so the fields were | dry | flooded | frozen | noisy
The magnet came near the nails, so they | stuck to it | melted | grew | burned
"""
ORDER = """
Before you eat a boiled egg you | break its shell | plant it | fold it | iron it
Before you enter a locked house you | open the door | paint the roof | sell it | leave it
After you wash your hands you | dry them | cook them | lose them | sell them
Before you fall asleep you | close your eyes | start to run | boil an egg | open a shop
After you fall into a lake you are | wet | dry | invisible | rich
Before you can bake bread you | make the dough | eat the oven | sell the knife | mow the lawn
After it rained the street is | wet | hungry | wooden | asleep
Before you post a letter you need a | stamp | helmet | fish | pillow
After a long walk your legs are | tired | square | sweet | silent
Before you cross a busy street you | look both ways | close your eyes | lie down | sing
To keep milk fresh you put it in the | refrigerator | oven | garden | drawer
To see in the dark you need a | torch | spoon | pillow | comb
If you drop a stone into a lake it | sinks | floats | flies | melts
If you drop a cork into a lake it | floats | sinks | burns | explodes
If you heat water long enough it | boils | freezes | rusts | barks
Before a plane can land it must | fly | sleep | eat | sing
After the sun sets it gets | dark | bright | noisy | sweet
Before you read a letter you | open the envelope | burn it | eat it | forget it
If you let go of a stone it | falls | rises | stays in the air | turns into gold
If you put sugar into hot tea it | dissolves | burns | rusts | floats away
After winter comes | spring | autumn | Friday | midnight
Before you paint a wall you | clean it | break it | eat it | bury it
Before you put on your shoes you put on your | socks | hat | gloves | coat
After you plant a seed you | water it | fry it | read it | iron it
If you mix blue and yellow paint you get | green | red | white | black
If you cut an apple into two equal parts you have two | halves | thirds | seeds | pears
A shadow is longest in the | evening | middle of the day | cellar | dark
If you shout in the mountains you may hear an | echo | answerphone | opera | orchestra
If you leave a wet towel in the sun it gets | dry | wet | heavy | cold
If a room is on fire you should | leave it | sleep in it | paint it | rent it
"""
REASON = """
She whispered because the baby was | asleep | hungry | tall | heavy
He wore sunglasses because the light was | bright | dim | loud | sour
They built the house on poles because the river often | floods | sings | burns | sleeps
He put salt on the icy steps so that nobody would | slip | sneeze | whistle | laugh
She wrote the number down so that she would not | forget it | eat it | wear it | break it
They cancelled the picnic because it was | raining | Sunday | green | free
He took the stairs because the elevator was | broken | empty | fast | clean
She put the medicine on a high shelf because of the | children | weather | neighbours | music
He opened the window because the room was too | warm | cold | wide | quiet
The cat ran up the tree to get away from the | dog | mouse | leaf | cushion
Farmers put up a scarecrow to keep away | birds | worms | clouds | tourists
We salt meat so that it does not | spoil | shrink | fly | shine
People whisper in a library so as not to | disturb others | get wet | lose weight | feel cold
A ship carries lifeboats in case it | sinks | arrives | sails | shines
He held the handrail so as not to | fall | sing | pay | forget
She added ice to the lemonade to make it | cold | warm | thick | salty
A bird builds a nest to lay its | eggs | feathers | table | songs
We wear a seat belt because of possible | accidents | songs | stamps | colours
They put a fence around the field so that the sheep would not | run away | grow | sleep | drink
He saved some money every month in order to | buy a house | lose weight | get a cold | fall asleep
"""

STORIES = {"cause": CAUSE, "order-of-events": ORDER, "reason": REASON}
