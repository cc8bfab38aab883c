"""Neutral text: own paragraphs on everyday subjects, for perplexity and drift."""

from __future__ import annotations

PARAGRAPHS = """
The bus leaves the village at seven in the morning. It follows the river for a while, crosses the old bridge, and climbs through the forest to the town. Most of the passengers know each other, and the driver greets them by name.
To make a simple soup, cut an onion and two carrots into small pieces. Fry them in a little oil until they are soft. Add water, a spoon of salt and a handful of lentils, and let everything simmer for half an hour.
A lighthouse is a tower with a strong lamp at the top. It warns ships of rocks and shallow water. In the past a keeper lived in the tower and lit the lamp every evening; today most lighthouses work on their own.
The library opens at nine and closes at six. Visitors may borrow up to ten books for four weeks. Children need a card that is signed by one of their parents, and newspapers may only be read in the hall.
Bees live in large colonies. The queen lays the eggs, the workers collect nectar and pollen, and the drones have no sting. In winter the colony forms a tight ball and keeps itself warm by moving its muscles.
When the wind blows from the sea, the air is damp and mild. When it blows from the mountains, the sky is clear and the nights are cold. Fishermen watch the clouds in the evening to guess the weather of the next day.
The museum bought a small painting last spring. It shows a kitchen with a window, a table and a basket of eggs. Nobody knows who painted it, but the wood of its frame was cut about three hundred years ago.
A bicycle needs little care. Keep the tyres full of air, wipe the chain, and add a drop of oil now and then. If the brakes begin to squeak, the pads are worn and should be replaced before the next long ride.
My grandfather kept a diary for fifty years. He wrote down the price of bread, the first snow, the birth of each grandchild and the names of the people who came to visit. The last page only says that the garden is in bloom.
The heart pumps blood through the body. It beats about seventy times a minute when we rest and much faster when we run. Oxygen from the lungs travels with the blood to every muscle and organ.
At the market you can buy cheese, honey, flowers and second-hand tools. The sellers arrive before sunrise and put up their stands. By noon the best things are gone, and the square smells of roasted chestnuts.
A contract is an agreement between two or more people. Each side promises something, and each side gets something. It does not have to be written, but a written contract is easier to prove when there is a quarrel.
Glass is made from sand. The sand is melted in a furnace together with soda and lime, and the hot mass is blown, pressed or poured. Old bottles can be melted again and again without losing their quality.
The team lost its first three games and won the next seven. The coach changed very little; he only asked the players to pass the ball earlier. In the final they were behind until the last minute.
Before you paint a wall, remove the dust and fill the cracks. Cover the floor with paper and the sockets with tape. Begin at the top, work in long strokes, and let the first coat dry for a night.
The moon circles the earth in about four weeks. It has no light of its own and only reflects that of the sun. Its gravity pulls at the oceans and makes the tides rise and fall twice a day.
She moved to the city to study medicine. In the first year she shared a room with a violin player, who practised late at night. They became close friends and still write letters to each other.
A good map shows more than roads. It shows how steep a hill is, where a stream can be crossed and which paths are safe in winter. Hikers should learn to read the thin brown lines before they set out.
The old mill stands at the end of the valley. Its wheel has not turned for sixty years, but the stones inside are still in place. A carpenter from the village is repairing the roof in his spare time.
Money has taken many forms: shells, salt, silver, paper. What they have in common is trust. A note is worth something because everybody expects that others will accept it tomorrow.
Cats sleep for more than half of the day. They hunt at dawn and at dusk, when mice and birds are most active. Even a well-fed cat will follow a moving string as if its dinner depended on it.
The train was late again, so we sat in the station café and played cards. An old man at the next table gave us advice, most of it wrong. When the train finally came, nobody wanted to leave.
Plants turn light into sugar. The green substance in their leaves catches the energy of the sun, and water and air supply the rest. The oxygen that we breathe is what the leaves leave over.
To start the machine, close the lid and press the green button twice. A lamp will blink while the water heats up. Do not open the lid before the lamp goes out, and clean the filter once a week.
In the north the summer nights are short and bright. People work in their gardens until late and sleep little. In winter they light candles at breakfast and meet in the afternoon to drink coffee.
The first railway in the country carried coal, not people. Horses pulled the wagons for some years before steam engines took over. Today a cycle path follows the same line through the hills.
A rumour travels faster than its correction. People repeat what surprises them and forget where they heard it. By the time somebody checks the story, it has already changed twice.
Salt keeps food from spoiling because it draws out the water that bacteria need. Sailors ate salted meat and dry bread for months. Fresh lemons were worth more to them than gold.
The choir meets every Tuesday in the school hall. New singers are welcome and need not read music. In December there is a concert, and afterwards everybody brings something to eat.
Concrete is strong when it is pressed and weak when it is pulled. Builders therefore put steel rods into it. Together the two materials carry bridges that neither of them could carry alone.
"""


def rows() -> list[dict[str, object]]:
    """One paragraph a row."""
    return [{"text": line} for line in PARAGRAPHS.strip().splitlines()]
