"""Words of the multilingual maker, in the order French, Spanish, German, Italian, Portuguese."""

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
two: deux dos zwei due dois
three: trois tres drei tre três
mother: mère madre Mutter madre mãe
father: père padre Vater padre pai
child: enfant niño Kind bambino criança
window: fenêtre ventana Fenster finestra janela
door: porte puerta Tür porta porta
street: rue calle Straße strada rua
city: ville ciudad Stadt città cidade
sea: mer mar Meer mare mar
mountain: montagne montaña Berg montagna montanha
king: roi rey König re rei
apple: pomme manzana Apfel mela maçã
egg: œuf huevo Ei uovo ovo
cheese: fromage queso Käse formaggio queijo
fish: poisson pescado Fisch pesce peixe
bird: oiseau pájaro Vogel uccello pássaro
horse: cheval caballo Pferd cavallo cavalo
school: école escuela Schule scuola escola
church: église iglesia Kirche chiesa igreja
winter: hiver invierno Winter inverno inverno
summer: été verano Sommer estate verão
money: argent dinero Geld soldi dinheiro
work: travail trabajo Arbeit lavoro trabalho
chair: chaise silla Stuhl sedia cadeira
"""
COUNTING = {
    "French": "un deux trois quatre cinq six sept huit neuf dix onze douze",
    "Spanish": "uno dos tres cuatro cinco seis siete ocho nueve diez once doce",
    "German": "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "Italian": "uno due tre quattro cinque sei sette otto nove dieci undici dodici",
    "Portuguese": "um dois três quatro cinco seis sete oito nove dez onze doze",
}
ARTICLES = {
    "French": """
La maison est grande. | Le maison est grande.
Le soleil brille aujourd'hui. | La soleil brille aujourd'hui.
La nuit est longue. | Le nuit est longue.
Le pain est frais. | La pain est frais.
La voiture est rouge. | Le voiture est rouge.
Le livre est sur la table. | La livre est sur la table.
Je mange une pomme. | Je mange un pomme.
Il a acheté un vélo. | Il a acheté une vélo.
La lune est pleine. | Le lune est pleine.
Le chat dort bien. | Le chat dorment bien.
Les enfants jouent dehors. | Les enfants joue dehors.
Nous avons une idée. | Nous avez une idée.
Elle est très contente. | Elle est très content.
Ils sont arrivés hier. | Ils est arrivés hier.
""",
    "Spanish": """
La casa es grande. | El casa es grande.
El sol brilla hoy. | La sol brilla hoy.
La noche es larga. | El noche es larga.
El pan está fresco. | La pan está fresco.
La mesa es nueva. | El mesa es nueva.
El libro está en la mesa. | La libro está en la mesa.
Ella come una manzana. | Ella come un manzana.
Compró un coche nuevo. | Compró una coche nuevo.
La luna está llena. | El luna está llena.
El gato duerme bien. | El gato duermen bien.
Los niños juegan fuera. | Los niños juega fuera.
Nosotros tenemos una idea. | Nosotros tiene una idea.
Ella está muy contenta. | Ella está muy contento.
Ellos son mis amigos. | Ellos es mis amigos.
""",
    "German": """
Das Haus ist groß. | Die Haus ist groß.
Die Sonne scheint heute. | Der Sonne scheint heute.
Die Nacht ist lang. | Das Nacht ist lang.
Das Brot ist frisch. | Der Brot ist frisch.
Der Tisch ist neu. | Das Tisch ist neu.
Das Buch liegt auf dem Tisch. | Die Buch liegt auf dem Tisch.
Ich esse einen Apfel. | Ich esse eine Apfel.
Er hat ein Fahrrad gekauft. | Er hat eine Fahrrad gekauft.
Der Mond ist voll. | Die Mond ist voll.
Die Katze schläft gut. | Die Katze schlafen gut.
Die Kinder spielen draußen. | Die Kinder spielt draußen.
Wir haben eine Idee. | Wir hat eine Idee.
Der Lehrer kommt um acht. | Der Lehrer kommen um acht.
Ihr seid meine Freunde. | Ihr sind meine Freunde.
""",
    "Italian": """
La casa è grande. | Il casa è grande.
Il sole brilla oggi. | La sole brilla oggi.
La notte è lunga. | Il notte è lunga.
Il pane è fresco. | La pane è fresco.
La tavola è nuova. | Il tavola è nuova.
Il libro è sul tavolo. | La libro è sul tavolo.
Lei mangia una mela. | Lei mangia un mela.
Ha comprato un cane. | Ha comprato una cane.
La luna è piena. | Il luna è piena.
Il gatto dorme bene. | Il gatto dormono bene.
I bambini giocano fuori. | I bambini gioca fuori.
Noi abbiamo un'idea. | Noi avete un'idea.
Lei è molto contenta. | Lei è molto contento.
Loro sono miei amici. | Loro è miei amici.
""",
    "Portuguese": """
A casa é grande. | O casa é grande.
O sol brilha hoje. | A sol brilha hoje.
A noite é longa. | O noite é longa.
O pão está fresco. | A pão está fresco.
A mesa é nova. | O mesa é nova.
O livro está na mesa. | A livro está na mesa.
Ela come uma maçã. | Ela come um maçã.
Comprou um carro novo. | Comprou uma carro novo.
A lua está cheia. | O lua está cheia.
O gato dorme bem. | O gato dormem bem.
Os meninos brincam lá fora. | Os meninos brinca lá fora.
Nós temos uma ideia. | Nós tem uma ideia.
Ela está muito contente com a filha. | Ela está muito contentes com a filha.
Eles são meus amigos. | Eles é meus amigos.
""",
}
