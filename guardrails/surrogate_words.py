"""Names, towns and streets that realistic stand-ins are made of: common ones, of nobody in particular, in plain letters."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What one country's names and addresses are made of."""

    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]
    towns: tuple[str, ...]
    streets: tuple[str, ...]
    number_first: bool
    """True where a house's number stands before its street."""


def _words(
    women: str, men: str, surnames: str, towns: str, streets: str, *, number_first: bool = False
) -> Words:
    return Words(
        women=tuple(women.split()),
        men=tuple(men.split()),
        surnames=tuple(surnames.split()),
        towns=tuple(towns.split()),
        streets=tuple(streets.split("|")),
        number_first=number_first,
    )


WORDS: Mapping[str, Words] = {
    "en": _words(
        "Alice Olivia Emily Grace Hannah Chloe Megan Laura Rachel Natalie Audrey Victoria Paige Heather Brooke Molly",
        "Oliver Henry Thomas Edward Samuel Nathan Adrian Gregory Martin Douglas Walter Trevor Stanley Russell Howard Dennis",
        "Whitfield Harmon Bexley Carver Holloway Pemberton Langley Ashworth Fairchild Merrick Stanton Thorne Wexford Radley"
        " Osborne Kendrick Marlowe Prescott Sheldon Tilbury Winslow Hargrove Colby Draper",
        "Ashford Brookhaven Millbridge Kingsport Fairview Westbury Oakdale Riverton Harlow Stanfield Easton Norwood",
        "Willow Lane|Chestnut Avenue|Station Road|Maple Drive|Orchard Street|Mill Road|Park Avenue|Highfield Close",
        number_first=True,
    ),
    "de": _words(
        "Sabine Monika Katrin Heike Ulrike Birgit Petra Susanne Claudia Annette Ingrid Renate Franziska Johanna Greta Mathilde",
        "Matthias Thorsten Ulrich Dieter Holger Markus Bernd Steffen Rainer Konrad Friedrich Gerhard Lothar Werner Norbert Ansgar",
        "Brandt Lindner Krause Hartmann Seidel Vogt Arnold Pohl Engel Horn Busch Bergmann Voigt Sauer Reuter Haas Ludwig"
        " Ebert Kuhn Beckmann Wenzel Thiel Ziegler Kessler",
        "Lindenau Neustadt Waldheim Altenburg Bergheim Seefeld Rosenau Steinbach Eichenau Hohenfeld Marienthal Buchholz",
        "Lindenweg|Gartenstrasse|Am Markt|Bahnhofstrasse|Schillerplatz|Ahornweg|Mozartstrasse|Wiesengrund",
    ),
    "fr": _words(
        "Camille Juliette Mathilde Elodie Sandrine Nathalie Corinne Brigitte Delphine Solange Odile Margaux Capucine Noemie Clarisse"
        " Berenice",
        "Antoine Guillaume Julien Sylvain Thierry Bastien Etienne Laurent Fabrice Gilles Yannick Raphael Quentin Cyril Damien"
        " Herve",
        "Lefevre Moreau Garnier Chevalier Rousseau Blanchard Gauthier Perrin Marchand Barbier Fontaine Renard Leclerc Vasseur"
        " Meunier Lambert Picard Colin Masson Brunet Lacroix Delmas Roussel Charpentier",
        "Montclair Villeneuve Beaulieu Saint-Aubin Rochefort Chateauvieux Fontenay Clairval Belmont Grandpre Valmont Bellerive",
        "rue des Lilas|avenue de la Gare|place du Marche|rue Victor Hugo|chemin des Vignes|boulevard Pasteur|rue des Ecoles",
        number_first=True,
    ),
    "es": _words(
        "Lucia Carmen Pilar Rocio Beatriz Marisol Amparo Consuelo Nuria Silvia Teresa Elvira Leonor Macarena Noelia Raquel",
        "Javier Alejandro Sergio Rafael Ignacio Alvaro Gonzalo Ramiro Esteban Joaquin Emilio Arturo Fermin Agustin Leandro Tomas",
        "Navarro Serrano Molina Ortega Delgado Castillo Vidal Iglesias Medina Cortes Garrido Lozano Marin Pascual Herrero"
        " Montero Hidalgo Santana Ferrer Crespo Gallardo Robles Aguilar Saavedra",
        "Villanueva Montalban Valdeflores Castroverde Rioseco Almenara Peralta Fuentealba Robledo Olivares Miraflores Torralba",
        "calle Mayor|avenida del Sol|plaza de la Iglesia|calle Cervantes|paseo del Rio|calle Olmo|calle Real",
    ),
    "it": _words(
        "Chiara Francesca Alessandra Federica Ilaria Martina Elisa Giuliana Ornella Raffaella Lorenza Beatrice Ginevra Viola Serena"
        " Marzia",
        "Alessandro Lorenzo Riccardo Fabio Davide Stefano Massimo Vincenzo Edoardo Tommaso Emanuele Gianluca Corrado Umberto"
        " Renzo Flavio",
        "Ferraro Galli Conti Mancini Lombardi Moretti Barbieri Fontana Caruso Mariani Rinaldi Leone Longo Gentile Martinelli"
        " Vitale Serra Coppola Marchetti Parisi Villa Ferretti Pellegrini Bianco",
        "Montefiore Castelnuovo Pietrasanta Rocca Borgonuovo Campofiore Valdarno Sangiorgio Monteverde Acquaviva Collalto Ripalta",
        "via Roma|via Garibaldi|piazza del Duomo|via dei Mille|corso Italia|via Verdi|viale della Stazione",
    ),
    "nl": _words(
        "Sanne Femke Marloes Anouk Wilma Hanneke Marieke Ingeborg Saskia Jolanda Liesbeth Mirjam Tineke Fleur Roos Evelien",
        "Jeroen Bastiaan Willem Pieter Sander Hendrik Maarten Gijs Koen Ruben Wouter Casper Floris Joris Diederik Reinier",
        "Bakker Visser Smit Mulder Bosman Dekker Brouwer Hoekstra Kuiper Postma Vermeer Kramer Schouten Willems Hofman Prins"
        " Blom Kuipers Veenstra Jonker Scholten Koster Verbeek Hermans",
        "Lindenhoek Westerveen Oudewater Nieuwland Zandvliet Molenbeek Heidedal Waterwijk Veldhuis Rozendaal Berkenrode Dorpzicht",
        "Dorpsstraat|Kerkstraat|Lindelaan|Molenweg|Stationsplein|Schoolstraat|Prinsengracht",
    ),
    "pt": _words(
        "Beatriz Mariana Carolina Ines Leonor Matilde Joana Teresa Fernanda Patricia Luciana Rosana Vanessa Helena Filipa Margarida",
        "Tiago Goncalo Rodrigo Duarte Bernardo Afonso Marcelo Thiago Renato Gustavo Henrique Vicente Otavio Murilo Caetano Xavier",
        "Carvalho Teixeira Moreira Correia Nogueira Machado Pinheiro Freitas Barbosa Tavares Figueiredo Azevedo Sampaio Bastos"
        " Macedo Guerreiro Leitao Vasconcelos Queiroz Siqueira Pacheco Amorim Brandao Rezende",
        "Vilanova Montemor Riachuelo Serradinho Campolide Ribeirinha Boavista Lagoinha Fontainhas Valverde Pedreira Aldeia",
        "Rua das Flores|Avenida Central|Travessa do Carmo|Rua do Sol|Largo da Igreja|Rua da Escola|Alameda dos Pinheiros",
    ),
}
"""By language."""

COMPANIES = (
    "Northbridge", "Silverline", "Bluecrest", "Oakwell", "Brightwater", "Stonegate", "Fairhaven", "Redfern", "Larkspur", "Greyfield",
    "Summitview", "Clearpath", "Westmark", "Ironbridge", "Goldleaf", "Harborlight", "Maplecrest", "Windermere", "Ashgrove", "Pinehurst",
)  # fmt: skip
TRADES = ("Systems", "Logistics", "Partners", "Industries", "Services", "Trading", "Holdings", "Solutions")
LEGAL_FORMS = (
    "GmbH & Co. KG", "GmbH", "AG", "KG", "e.V.", "Inc.", "Inc", "LLC", "Ltd.", "Ltd", "Limited", "PLC", "plc", "Corp.", "Corporation",
    "S.A.S.", "SARL", "S.A.", "SAS", "SA", "S.L.", "SL", "S.p.A.", "SpA", "S.r.l.", "Srl", "B.V.", "BV", "N.V.", "NV", "Lda.", "Lda", "Ltda.",
    "Ltda", "University", "Bank",
)  # fmt: skip
