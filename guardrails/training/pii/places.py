"""Towns, regions, postcodes, and postal addresses as each country writes them."""

import re

from guardrails.training.pii import pools
from guardrails.training.pii.scene import ELSEWHERE, Scene

BIG_CITIES = [
    "London", "Paris", "Berlin", "New York", "Los Angeles", "Chicago", "Houston", "Madrid", "Barcelona",
    "Rome", "Milan", "Amsterdam", "Rotterdam", "Lisbon", "Porto", "São Paulo", "Rio de Janeiro", "Tokyo",
    "Osaka", "Beijing", "Shanghai", "Hong Kong", "Singapore", "Sydney", "Melbourne", "Toronto", "Vancouver",
    "Montreal", "Mumbai", "Delhi", "Bangalore", "Dubai", "Istanbul", "Moscow", "Kyiv", "Warsaw", "Prague",
    "Vienna", "Budapest", "Zurich", "Geneva", "Munich", "Hamburg", "Frankfurt", "Cologne", "Stockholm",
    "Oslo", "Copenhagen", "Helsinki", "Dublin", "Manchester", "Birmingham", "Edinburgh", "Glasgow",
    "Brussels", "Antwerp", "Lyon", "Marseille", "Athens", "Cairo", "Lagos", "Nairobi", "Johannesburg",
    "Cape Town", "Buenos Aires", "Bogotá", "Lima", "Santiago", "Mexico City", "San Francisco", "Seattle",
    "Boston", "Miami", "Atlanta", "Denver", "Austin", "Dallas", "Phoenix", "Philadelphia", "San Diego",
    "Las Vegas", "Washington", "Detroit", "Nashville", "Portland", "NYC", "LA", "Seoul", "Bangkok",
    "Jakarta", "Manila", "Hanoi", "Tel Aviv", "Riyadh", "Karachi", "Lahore", "Dhaka", "Accra", "Casablanca",
    "Tunis", "Naples", "Turin", "Valencia", "Seville", "Bilbao", "Leipzig", "Dresden", "Stuttgart",
    "Düsseldorf", "Bristol", "Leeds", "Liverpool", "Cardiff", "Belfast", "Bordeaux", "Toulouse", "Nice",
    "Strasbourg", "Utrecht", "Eindhoven", "Ghent", "Basel",
]  # fmt: skip
HOME_CITIES = {
    "DE": "Berlin|Hamburg|München|Köln|Frankfurt am Main|Stuttgart|Düsseldorf|Leipzig|Dortmund|Essen|Bremen|Dresden|"
    "Hannover|Nürnberg|Freiburg|Münster|Karlsruhe|Mannheim|Augsburg|Wiesbaden|Kiel|Mainz|Rostock|Kassel",
    "AT": "Wien|Graz|Linz|Salzburg|Innsbruck|Klagenfurt", "CH": "Zürich|Genf|Basel|Bern|Lausanne|Luzern|St. Gallen|Lugano",
    "FR": "Paris|Lyon|Marseille|Toulouse|Nice|Nantes|Strasbourg|Montpellier|Bordeaux|Lille|Rennes|Grenoble|Dijon|Angers",
    "BE": "Bruxelles|Anvers|Gent|Liège|Brugge|Namur|Leuven|Charleroi|Mons",
    "ES": "Madrid|Barcelona|Valencia|Sevilla|Zaragoza|Málaga|Murcia|Bilbao|Alicante|Granada|Vigo|Gijón|La Coruña|Córdoba",
    "MX": "Ciudad de México|Guadalajara|Monterrey|Puebla|Tijuana|Mérida|León|Querétaro|Cancún|Oaxaca",
    "AR": "Buenos Aires|Rosario|Córdoba|Mendoza|La Plata|Mar del Plata", "CO": "Bogotá|Medellín|Cali|Cartagena|Barranquilla",
    "IT": "Roma|Milano|Napoli|Torino|Palermo|Genova|Bologna|Firenze|Bari|Catania|Venezia|Verona|Padova|Trieste|Parma",
    "NL": "Amsterdam|Rotterdam|Den Haag|Utrecht|Eindhoven|Groningen|Tilburg|Almere|Breda|Nijmegen|Arnhem|Haarlem|Zwolle",
    "BR": "São Paulo|Rio de Janeiro|Belo Horizonte|Salvador|Brasília|Curitiba|Fortaleza|Recife|Porto Alegre|Campinas",
    "PT": "Lisboa|Porto|Braga|Coimbra|Aveiro|Faro|Setúbal|Funchal|Évora|Guimarães",
}  # fmt: skip
REGION_CODES = [
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY",
    "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND",
    "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "DC",
]  # fmt: skip
STREETS = {
    "DE": "Hauptstr.|Hauptstraße|Bahnhofstraße|Gartenweg|Schulstraße|Am Markt|Goethestraße|Schillerstr.|Lindenallee|"
    "Bergstraße|Kirchgasse|Mozartstraße|Waldweg|Dorfstraße|Friedrichstraße|Ringstraße|Am Bahnhof|Rosenweg|Karlsplatz|"
    "Burgstraße|Mühlenweg|An der Alten Kirche|Im Wiesengrund|Kaiser-Wilhelm-Ring|Unter den Linden",
    "FR": "rue de la Paix|rue Victor Hugo|avenue Jean Jaurès|boulevard Voltaire|place de la République|rue des Lilas|"
    "chemin des Vignes|allée des Tilleuls|impasse du Moulin|rue Pasteur|avenue du Général de Gaulle|quai de Seine|"
    "rue du Faubourg Saint-Antoine|rue de l'Église|cours Gambetta|route de Lyon|rue des Écoles|avenue Foch",
    "ES": "Calle Mayor|Calle de Alcalá|Avenida de la Constitución|Plaza de España|Calle San Juan|Paseo del Prado|"
    "C/ Serrano|Gran Vía|Calle del Carmen|Avda. Andalucía|Ronda de Toledo|Calle Goya|Camino Real|C/ Real|Travesía del Sol",
    "IT": "Via Roma|Via Garibaldi|Corso Italia|Piazza della Repubblica|Via Dante|Viale Mazzini|Via Verdi|Via XX Settembre|"
    "Largo Cavour|Vicolo del Moro|Via San Francesco|Corso Vittorio Emanuele|Via dei Mille|Strada Provinciale",
    "NL": "Hoofdstraat|Dorpsstraat|Kerkstraat|Molenweg|Stationsweg|Prinsengracht|Schoolstraat|Julianalaan|Lindelaan|"
    "Markt|Nieuwstraat|Beatrixlaan|Vondelstraat|Oranjestraat|Wilhelminaplein|Zuiderkade|Coolsingel|Herengracht",
    "PT": "Rua das Flores|Avenida da Liberdade|Rua Augusta|Av. Paulista|Praça da República|Travessa do Carmo|Rua do Ouro|"
    "Rua XV de Novembro|Largo da Sé|Alameda Santos|Rua Direita|Estrada da Luz|Rua Sete de Setembro|Av. Brasil",
    "GB": "High Street|Station Road|Church Lane|Victoria Road|London Road|Park Avenue|The Green|Mill Lane|King Street|"
    "Queens Road|Manor Close|Kingsway|Albert Street|Springfield Road|The Crescent|Orchard Way|Grange Gardens|Baker Street",
    "US": "Main St|Oak Avenue|Maple Drive|Elm Street|Washington Blvd|5th Avenue|W 42nd St|Park Ave|Cedar Lane|Pine Rd|"
    "Sunset Blvd|N Lincoln Ave|S State St|Highway 61|County Road 12|Broadway|Martin Luther King Jr Blvd|Lakeview Dr|"
    "E 7th St|2nd Ave|Hillcrest Rd|River Road|Route 9|Peachtree St NE|NW 23rd Ave|Avenue of the Americas|MLK Dr",
}  # fmt: skip
HOUSE_PARTS = {
    "US": (
        "Apt. ###",
        "Apt ##?",
        "Suite ###",
        "Unit ##",
        "#%#",
        "Ste %00",
        "Apt %",
        "Floor %",
        "Bldg ?",
        "Room %##",
    ),
    "GB": ("Flat %", "Flat ##?", "Unit %", "Studio ##", "Apartment %"),
    "DE": ("% OG", "Whg. %", "c/o", "Hinterhaus", "%. Stock"),
    "FR": ("bât. ?", "apt %", "%e étage", "appartement %#"),
    "ES": ("%º ?", "piso %", "%º izq.", "bajo ?", "%º-%ª"),
    "IT": ("int. %", "scala ?", "piano %"),
    "NL": ("% hoog", "-?"),
    "PT": ("%º Esq.", "%º Dto.", "apto %##", "bloco ?", "casa %"),
}
LANDMARKS = [
    "Central Park", "the Eiffel Tower", "Times Square", "the Golden Gate Bridge", "Heathrow Airport", "JFK",
    "Yosemite", "the Thames", "Lake Tahoe", "Mount Everest", "the Alps", "the Colosseum", "Wembley Stadium",
    "Madison Square Garden", "Alcatraz", "Piccadilly Circus", "Bondi Beach", "Silicon Valley",
    "the Bay Area", "Brooklyn", "Manhattan", "Queens", "Soho", "Hollywood", "Beverly Hills", "Harlem",
    "Camden", "Brixton", "Kreuzberg", "Montmartre", "Trastevere", "the Midwest", "East Coast",
    "Scandinavia", "the Middle East", "Eastern Europe", "the Balkans", "West Africa", "Southeast Asia",
    "Latin America", "the Caribbean", "Bavaria", "Tuscany", "Provence", "Catalonia", "Andalusia", "Kashmir",
    "Sicily", "Corsica", "Bali",
]  # fmt: skip
POSTCODES = {
    "US": ("#####", "#####", "#####", "#####-####"), "GB": ("??# #??", "??## #??", "?# #??", "?## #??", "??#?#??"),
    "DE": ("%####", "%####", "D-%####"), "AT": ("%###", "A-%###"), "CH": ("%###", "CH-%###"), "FR": ("%####", "0%###"),
    "BE": ("%###", "B-%###"), "ES": ("#####", "0%###", "4####", "2####"), "MX": ("#####", "C.P. #####"), "AR": ("%###", "C####???"),
    "CO": ("#####0",), "IT": ("%####", "00###", "2####"), "NL": ("%### ??", "%###??"), "BR": ("#####-###", "########"),
    "PT": ("%###-###",), "IN": ("%#####", "%## ###"), "AU": ("%###",), "CA": ("?#? #?#", "?#?#?#"), "IE": ("?## ?#?#", "D## ??##"),
    "NG": ("######",), "KE": ("#####",), "NZ": ("%###",), "ZA": ("%###",), "PL": ("##-###",), "SE": ("### ##",), "TR": ("%####",),
    "JP": ("###-####",), "ID": ("%####",), "HU": ("%###",), "RO": ("######",), "GR": ("### ##",), "UA": ("#####",), "CN": ("######",),
    "CZ": ("### ##",), "RU": ("######",), "PH": ("%###",), "EG": ("#####",),
}  # fmt: skip
COUNTRY_NAMES = {
    "US": "USA|United States|US|U.S.A.|United States of America", "GB": "UK|United Kingdom|England|Great Britain|Scotland|Wales",
    "DE": "Deutschland|Germany", "AT": "Österreich|Austria", "CH": "Schweiz|Suisse|Switzerland", "FR": "France",
    "BE": "Belgique|Belgium|België", "ES": "España|Spain", "MX": "México|Mexico", "AR": "Argentina", "CO": "Colombia",
    "IT": "Italia|Italy", "NL": "Nederland|The Netherlands|Netherlands", "BR": "Brasil|Brazil", "PT": "Portugal", "IN": "India",
    "AU": "Australia", "CA": "Canada", "IE": "Ireland", "NG": "Nigeria", "KE": "Kenya", "NZ": "New Zealand", "ZA": "South Africa",
    "PL": "Poland|Polska", "SE": "Sweden|Sverige", "TR": "Turkey|Türkiye", "JP": "Japan", "ID": "Indonesia", "HU": "Hungary",
    "RO": "Romania", "GR": "Greece", "UA": "Ukraine", "CN": "China", "CZ": "Czech Republic", "RU": "Russia", "PH": "Philippines",
    "EG": "Egypt",
}  # fmt: skip
PROVINCES_CA = ["ON", "QC", "BC", "AB", "MB", "SK", "NS", "NB"]
STATES_AU = ["NSW", "VIC", "QLD", "WA", "SA", "TAS", "ACT"]


def town(scene: Scene, country: str) -> tuple[str, str]:
    """Return a town of a country and the code of its region, which is empty where none is written."""
    if country == "US":
        name, _, state = scene.one(scene.world.towns["US"]).rpartition(", ")
        return name, state
    if country in HOME_CITIES and scene.chance(0.5):
        return scene.one(HOME_CITIES[country].split("|")), ""
    code = {"CA": scene.one(PROVINCES_CA), "AU": scene.one(STATES_AU)}.get(country, "")
    names = scene.world.towns.get(country) or scene.world.towns["GB"]
    return scene.one(names), code


def city(scene: Scene) -> str:
    """Return a town as it stands in a sentence."""
    luck = scene.rng.random()
    if luck < 0.36:
        return scene.one(BIG_CITIES)
    country = (
        scene.country
        if luck < 0.8
        else scene.one(ELSEWHERE)
        if luck < 0.9
        else scene.one(("US", "FR", "DE", "IN", "AU"))
    )
    name, _ = town(scene, country)
    return name


def city_region(scene: Scene) -> str:
    """Return a town with its region or country, as in ``Albany, NY``."""
    if scene.country == "US" or scene.chance(0.2):
        name, code = town(scene, "US")
        return f"{name}, {code if scene.chance(0.7) else scene.one(pools.regions('US'))}"
    return f"{town(scene, scene.country)[0]}, {own_country(scene, scene.country)}"


def own_country(scene: Scene, country: str) -> str:
    """Return the name of one country."""
    return scene.one(COUNTRY_NAMES[country].split("|"))


def any_country(scene: Scene) -> str:
    """Return the name of any country in the text's language."""
    if scene.chance(0.4):
        return own_country(scene, scene.one(tuple(COUNTRY_NAMES)))
    return scene.one(pools.countries(scene.language))


def region(scene: Scene) -> str:
    """Return a state, county or province."""
    return scene.one(pools.regions(scene.country))


def place(scene: Scene) -> str:
    """Return any place: a town mostly, a region, a country, a well-known spot."""
    luck = scene.rng.random()
    if luck < 0.5:
        return city(scene)
    if luck < 0.62:
        return region(scene)
    if luck < 0.84:
        return any_country(scene)
    if luck < 0.92:
        return city_region(scene)
    return scene.one(LANDMARKS) if scene.language == "en" else city(scene)


def postcode(scene: Scene) -> str:
    """Return a postcode, mostly of the text's own country."""
    country = scene.country if scene.chance(0.8) else scene.one(tuple(POSTCODES))
    return scene.fill(scene.one(POSTCODES[country]))


def coordinates(scene: Scene) -> str:
    """Return a latitude and a longitude."""
    latitude, longitude = scene.rng.uniform(-60, 70), scene.rng.uniform(-170, 170)
    digits = scene.one((4, 4, 5, 6))
    return scene.one((f"{latitude:.{digits}f}, {longitude:.{digits}f}", f"{latitude:.{digits}f},{longitude:.{digits}f}",
                      f"[{latitude:.{digits}f}, {longitude:.{digits}f}]"[1:-1]))  # fmt: skip


def street_name(scene: Scene) -> str:
    """Return a street without a number."""
    country = _writes_like(scene.country)
    if country in STREETS and scene.chance(0.45):
        return scene.one(STREETS[country].split("|"))
    last, first = scene.one(scene.names().last), scene.one(scene.names().first)
    if country == "DE":
        return scene.one(
            (
                f"{last}straße",
                f"{last}str.",
                f"{first}-{last}-Straße",
                f"{last}weg",
                f"{last}gasse",
                f"{last}platz",
            )
        )
    if country == "FR":
        return f"{scene.word('rue rue rue avenue boulevard place chemin allée impasse')} {scene.one((last, f'{first} {last}'))}"
    if country == "ES":
        return f"{scene.word('Calle Calle C/ Avenida Avda. Plaza Paseo Camino Ronda')} {scene.one((last, f'{first} {last}'))}"
    if country == "IT":
        return f"{scene.word('Via Via Via Viale Corso Piazza Largo Vicolo')} {scene.one((last, f'{first} {last}'))}"
    if country == "NL":
        return scene.one((last, first)).replace(" ", "") + scene.word(
            "straat weg laan plein gracht kade singel dreef hof"
        )
    if country == "PT":
        return f"{scene.word('Rua Rua Rua Avenida Av. Travessa Praça Alameda')} {scene.one((last, f'{first} {last}'))}"
    side = (
        f"{scene.word('N S E W North South East West NE SW N. S.')} "
        if country == "US" and scene.chance(0.15)
        else ""
    )
    stem = scene.one((last, last, first, _stem(scene)))
    return f"{side}{stem} {scene.one(pools.street_types())}"


def _stem(scene: Scene) -> str:
    if scene.chance(0.3):
        number = scene.rng.randint(1, 99)
        suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{suffix}"
    return scene.word(
        "Oak Maple Cedar Pine Elm Walnut Cherry Willow Birch Spruce Lake Hill River Park Church School Mill Forest Meadow "
        "Spring Sunset Highland Ridge Valley Garden Orchard Prospect Union Franklin Jefferson Madison Jackson Grove Center"
    )


def _writes_like(country: str) -> str:
    return {"AT": "DE", "CH": "DE", "BE": "FR", "MX": "ES", "AR": "ES", "CO": "ES", "BR": "PT", "IE": "GB", "IN": "IN",
            "AU": "GB", "NZ": "GB", "CA": "US", "NG": "GB", "KE": "GB", "ZA": "GB"}.get(country, country)  # fmt: skip


def house_number(scene: Scene) -> str:
    """Return the number of a house."""
    patterns = (
        ("%###", "%##", "%#", "%####", "%##")
        if _writes_like(scene.country) == "US"
        else ("%", "%#", "%#", "%##", "%#?")
    )
    number = scene.fill(scene.one(patterns))
    if scene.country in {"DE", "AT", "CH", "FR", "NL"} and scene.chance(0.15):
        number = number.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") + scene.word("a b c bis -12 /3 A")
    return number.replace("?", "A")


def street_address(scene: Scene) -> str:
    """Return street and house number, sometimes with the flat."""
    country = _writes_like(scene.country)
    street, number = street_name(scene), house_number(scene)
    if country == "IN":
        line = scene.one((f"{number}, {street}", f"Flat No. {number}, {street}", f"H.No. {number}, {scene.one(scene.names().last)} Nagar",
                          f"Plot {number}, Sector {scene.fill('%#')}", f"{number}/{scene.fill('%#')}, {street}"))  # fmt: skip
    elif country in {"DE", "NL", "SE"}:
        line = f"{street} {number}"
    elif country in {"ES", "IT", "PT"}:
        line = f"{street}{scene.one((', ', ' ', ', nº ', ', n. ', ', ')) if country != 'IT' else scene.one((' ', ', '))}{number}"
    elif country == "FR":
        line = f"{number}{scene.one((' ', ', ', ' '))}{street}"
    else:
        line = f"{number} {street}"
    if country in HOUSE_PARTS and scene.chance(0.22):
        part = scene.fill(scene.one(HOUSE_PARTS[country]))
        if part == "c/o":
            part = f"c/o {scene.one(scene.names().last)}"
        line = f"{part}, {line}" if country == "GB" else f"{line}{scene.one((', ', ' ', ', '))}{part}"
    if scene.language == "en" and scene.chance(0.03):
        line = scene.fill(scene.one(("P.O. Box %###", "PO Box %##", "P.O. Box %#", "PO BOX %####")))
    return line


def _city_line(scene: Scene) -> str:
    code = scene.fill(scene.one(POSTCODES[scene.country]))
    name, state = town(scene, scene.country)
    like = _writes_like(scene.country)
    if like == "US" or scene.country == "AU":
        state = state or scene.one(REGION_CODES)
        if scene.country == "US" and scene.chance(0.25):
            state = scene.one(pools.regions("US"))
        return f"{name}{scene.one((', ', ', ', ' '))}{state}{scene.one((' ', ' ', ', '))}{code}"
    if like in {"GB", "IN"}:
        return scene.one((f"{name} {code}", f"{name}, {code}", f"{name}, {scene.one(pools.regions(scene.country))} {code}",
                          f"{name} - {code}" if like == "IN" else f"{name}, {code}"))  # fmt: skip
    if scene.country == "BR":
        state = scene.word("SP RJ MG RS PR BA CE PE SC GO DF")
        return scene.one(
            (
                f"{name} - {state}, {code}",
                f"{name}/{state}, CEP {code}",
                f"{name} - {state}",
                f"{code}, {name}",
            )
        )
    if scene.country == "IT" and scene.chance(0.5):
        return f"{code} {name} ({scene.word('RM MI NA TO PA GE BO FI BA CT VE VR PD TS')})"
    return f"{code} {name}"


def address(scene: Scene) -> str:
    """Return a postal address, in one line or several, whole or in part; some are real ones of public places."""
    if scene.country == "US" and scene.world.addresses and scene.chance(0.22):
        return scene.one(scene.world.addresses)
    luck = scene.rng.random()
    line = street_address(scene)
    if luck < 0.2:
        return line
    if luck < 0.32:
        return f"{line}, {town(scene, scene.country)[0]}"
    gap = scene.one((", ", ", ", ", ", ", ", "\n", "\n", " ", " - ")) if scene.chance(0.9) else ",\n"
    if scene.chance(0.08):
        line = (
            f"{line}{gap}{scene.one(('Building B', 'Rear Entrance', '2nd Floor', 'Industrial Park'))}"
            if scene.language == "en"
            else line
        )
    whole = f"{line}{gap}{_city_line(scene)}"
    if luck > 0.8:
        whole += f"{gap}{own_country(scene, scene.country)}"
    return whole


def synthetic_address(scene: Scene) -> str:
    """Return an address whose parts come from different countries, as generators of test data make them."""
    here = scene.country
    line = f"{house_number(scene)} {street_name(scene)}"
    scene.country = scene.one(("DE", "FR", "ES", "IT", "NL", "BR", "GB", "US", "AU"))
    if scene.chance(0.3):
        line = scene.one(
            (f"{street_name(scene)} {house_number(scene)}", f"{house_number(scene)} {street_name(scene)}")
        )
    flat = scene.fill(
        scene.one(
            ("", " Apt. ###", " Suite ###", "\n Apt. ###", "\nSuite ###", " Flat %#", "\nUnit %###", " ##?")
        )
    )
    name, code = town(scene, scene.one(tuple(scene.world.towns)))
    gap = scene.one(("\n", "\n ", ", ", "\n"))
    state = scene.one(
        (f" {scene.one(REGION_CODES)}", f", {code}" if code else "", "", f"\n, {scene.fill('??')}")
    )
    tail = f"{gap}{any_country(scene)} {postcode(scene)}" if scene.chance(0.7) else f" {postcode(scene)}"
    scene.country = here
    return re.sub(r" +\n", "\n", f"{line}{flat}{gap}{name}{state}{tail}")


def region_code(scene: Scene) -> str:
    """Return the two letters of an American state, or those of a region elsewhere."""
    if scene.country == "BR":
        return scene.word("SP RJ MG RS PR BA CE PE SC GO DF")
    if scene.country in {"CA", "AU"}:
        return scene.one(PROVINCES_CA if scene.country == "CA" else STATES_AU)
    return scene.one(REGION_CODES)


def flat(scene: Scene) -> str:
    """Return the part of a house."""
    return scene.fill(
        scene.one(
            (
                "Apt. ###",
                "Suite ###",
                "Apt %",
                "Unit ##",
                "Flat %#",
                "#%#",
                "Floor %",
                "Room %##",
                "2nd floor",
            )
        )
    )
