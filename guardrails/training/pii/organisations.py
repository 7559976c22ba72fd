"""Companies, schools, clinics, offices, clubs and parties, real and made up."""

import re

from guardrails.training.pii import places
from guardrails.training.pii.scene import Scene

KNOWN = [
    "Google", "Microsoft", "Apple", "Amazon", "Facebook", "Meta", "Netflix", "Tesla", "IBM", "Intel",
    "Oracle", "SAP", "Siemens", "Bosch", "BMW", "Volkswagen", "Mercedes-Benz", "Toyota", "Honda", "Sony",
    "Samsung", "LG", "Nokia", "Ericsson", "Nestlé", "Unilever", "Danone", "L'Oréal", "Total", "Shell", "BP",
    "HSBC", "Barclays", "Lloyds", "Santander", "BBVA", "ING", "Deutsche Bank", "Commerzbank", "BNP Paribas",
    "Société Générale", "UniCredit", "Intesa Sanpaolo", "JPMorgan", "Goldman Sachs", "Citibank",
    "Wells Fargo", "Bank of America", "Chase", "Capital One", "American Express", "Visa", "Mastercard",
    "PayPal", "Stripe", "Revolut", "Walmart", "Target", "Costco", "Tesco", "Aldi", "Lidl", "Carrefour",
    "IKEA", "Zara", "H&M", "Nike", "Adidas", "Puma", "Starbucks", "McDonald's", "Coca-Cola", "Pepsi",
    "Pfizer", "Moderna", "Novartis", "Roche", "Bayer", "Sanofi", "AstraZeneca", "Boeing", "Airbus",
    "Lufthansa", "Ryanair", "easyJet", "Delta", "United Airlines", "KLM", "Air France", "Emirates", "FedEx",
    "UPS", "DHL", "Uber", "Lyft", "Airbnb", "Booking.com", "Expedia", "Spotify", "Twitter", "LinkedIn",
    "TikTok", "Reddit", "YouTube", "Disney", "Warner Bros", "BBC", "CNN", "Reuters", "The Guardian",
    "The New York Times", "Bloomberg", "NASA", "FBI", "CIA", "NSA", "IRS", "NHS", "WHO", "UNICEF",
    "United Nations", "NATO", "EU", "European Commission", "World Bank", "IMF", "Red Cross",
    "Amnesty International", "Greenpeace", "Harvard", "MIT", "Stanford", "Oxford", "Cambridge", "Yale",
    "Princeton", "UCLA", "ETH Zurich", "Sorbonne", "Manchester United", "Real Madrid", "FC Barcelona",
    "Bayern Munich", "Juventus", "Ajax", "Liverpool FC", "Arsenal", "Chelsea", "Yankees", "Lakers",
    "Cowboys", "Patriots", "AT&T", "Verizon", "T-Mobile", "Vodafone", "Telefónica", "Orange", "Comcast",
    "Accenture", "Deloitte", "KPMG", "PwC", "EY", "McKinsey", "Infosys", "Tata", "Wipro", "Reliance",
    "Huawei", "Alibaba", "Tencent", "Baidu", "Lenovo", "Nintendo", "Nvidia", "AMD", "Cisco", "Dell", "HP",
    "Adobe", "Salesforce", "Zoom", "Slack", "Dropbox", "Shopify", "Etsy", "eBay", "OpenAI", "Anthropic",
    "DeepMind", "Hugging Face", "State Farm", "Allianz", "AXA", "Aetna", "Cigna", "Blue Cross",
    "Kaiser Permanente", "Mayo Clinic", "Johns Hopkins", "Congress", "Supreme Court", "the Senate",
    "Scotland Yard", "Department of Justice", "Home Office", "Bundestag", "Metallica", "Coldplay",
    "Radiohead",
]  # fmt: skip
PREFIXES = [
    "Blue", "Bright", "Clear", "North", "South", "East", "West", "Green", "Silver", "Golden", "Iron",
    "Stone", "River", "Lake", "Sun", "Star", "Sky", "Cloud", "Data", "Net", "Soft", "Tech", "Smart",
    "Quick", "Prime", "First", "Global", "United", "National", "American", "European", "Pacific",
    "Atlantic", "Alpine", "Nordic", "Central", "Royal", "Apex", "Nova", "Vertex", "Zenith", "Summit",
    "Pioneer", "Horizon", "Evergreen", "Redwood", "Oak", "Maple", "Crystal", "Quantum", "Fusion", "Vector",
    "Delta", "Omega", "Sigma", "Titan", "Phoenix", "Falcon", "Eagle", "Lion", "Harbor", "Bridge", "Metro",
    "Urban", "Fresh", "Pure", "True",
]  # fmt: skip
TRADES = [
    "Solutions", "Systems", "Technologies", "Consulting", "Partners", "Logistics", "Foods", "Energy",
    "Media", "Labs", "Analytics", "Capital", "Insurance", "Pharma", "Motors", "Airlines", "Bank",
    "Security", "Software", "Design", "Studios", "Industries", "Holdings", "Ventures", "Group", "Networks",
    "Realty", "Properties", "Healthcare", "Dental", "Plumbing", "Electric", "Roofing", "Landscaping",
    "Bakery", "Coffee", "Books", "Travel", "Hotels", "Fitness", "Robotics", "Dynamics", "Financial",
    "Advisors", "Marketing", "Printing", "Textiles", "Furniture", "Shipping", "Construction", "Engineering",
]  # fmt: skip
FORMS = {
    "en": ("Inc", "Inc.", "LLC", "Ltd", "Ltd.", "Corp", "Corp.", "PLC", "Co.", "Group", "LLP", "and Sons", "Limited", "& Co"),
    "de": ("GmbH", "AG", "GmbH & Co. KG", "KG", "e.V.", "OHG", "UG", "SE", "e.K."), "fr": ("SA", "SARL", "SAS", "et Fils", "S.A.", "EURL"),
    "es": ("S.A.", "S.L.", "S.L.U.", "y Asociados", "e Hijos", "SA de CV"), "it": ("S.p.A.", "S.r.l.", "SRL", "& Figli", "s.n.c.", "SPA"),
    "nl": ("B.V.", "BV", "N.V.", "& Zonen", "VOF", "Holding"), "pt": ("Ltda", "S.A.", "Lda.", "e Filhos", "Ltda.", "ME"),
}  # fmt: skip
SCHOOLS = {
    "en": ("University of {city}", "{city} University", "{last} High School", "St. {first}'s Primary School", "{city} Community College", "{last} College", "{region} State University",
           "{city} Elementary School", "{last} Academy", "{city} Institute of Technology", "Lincoln Middle School", "{city} Business School"),
    "de": ("Universität {city}", "{last}-Gymnasium", "Grundschule {city}", "Technische Universität {city}", "Hochschule {city}", "{last}-Realschule", "Kita {last}"),
    "fr": ("Université de {city}", "Lycée {first} {last}", "Collège {last}", "École {first} {last}", "INSA {city}", "Université {first} {last}"),
    "es": ("Universidad de {city}", "Colegio San {first}", "IES {last}", "Instituto {last}", "Universidad Politécnica de {city}", "CEIP {last}"),
    "it": ("Università di {city}", "Liceo {last}", "Istituto {last}", "Politecnico di {city}", "Scuola {last}"),
    "nl": ("Universiteit {city}", "Hogeschool {city}", "{last} College", "Basisschool De {last}", "Technische Universiteit {city}"),
    "pt": ("Universidade de {city}", "Escola Secundária {last}", "Colégio São {first}", "Universidade Federal de {city}", "Escola Municipal {last}"),
}  # fmt: skip
CLINICS = {
    "en": ("{city} General Hospital", "St. {first} Medical Center", "{last} Clinic", "{city} Family Practice", "{last} Memorial Hospital", "Mercy Hospital", "{city} Children's Hospital",
           "Sunrise Medical Group", "{city} Health Centre", "{last} Dental Care", "{city} Cancer Institute", "{region} Regional Medical Center"),
    "de": ("Klinikum {city}", "Praxis Dr. {last}", "Universitätsklinikum {city}", "St.-{first}-Krankenhaus", "MVZ {city}", "{last}-Klinik"),
    "fr": ("CHU de {city}", "Clinique {last}", "Hôpital {last}", "Centre hospitalier de {city}", "Polyclinique Saint-{first}"),
    "es": ("Hospital General de {city}", "Clínica {last}", "Centro de Salud {city}", "Hospital San {first}", "Hospital Universitario de {city}"),
    "it": ("Ospedale San {first}", "Clinica {last}", "Policlinico di {city}", "ASL {city}", "Ospedale Civile di {city}"),
    "nl": ("{city} Medisch Centrum", "Huisartsenpraktijk {last}", "{last} Ziekenhuis", "UMC {city}", "GGZ {city}"),
    "pt": ("Hospital de {city}", "Clínica {last}", "Hospital São {first}", "Centro de Saúde de {city}", "Santa Casa de {city}"),
}  # fmt: skip
OFFICES = {
    "en": ("{city} Police Department", "{region} Department of Health", "City of {city}", "{city} City Council", "{city} County Court", "{region} DMV", "Ministry of Finance", "U.S. Department of Labor",
           "{city} Fire Department", "Department for Work and Pensions", "{region} Bar Association", "Internal Revenue Service", "{city} Chamber of Commerce", "Social Security Administration"),
    "de": ("Finanzamt {city}", "Amtsgericht {city}", "Bürgeramt {city}", "Landratsamt {city}", "Agentur für Arbeit {city}", "Stadt {city}", "AOK {region}", "Techniker Krankenkasse", "Stadtwerke {city}",
           "Sparkasse {city}", "Volksbank {city}"),
    "fr": ("Mairie de {city}", "Préfecture de {city}", "CAF de {city}", "Tribunal de {city}", "CPAM de {city}", "Crédit Agricole", "La Poste", "EDF", "SNCF", "Pôle emploi"),
    "es": ("Ayuntamiento de {city}", "Agencia Tributaria", "Juzgado de {city}", "Seguridad Social", "Junta de {region}", "CaixaBank", "Correos", "Endesa", "Mapfre", "Renfe"),
    "it": ("Comune di {city}", "Agenzia delle Entrate", "Tribunale di {city}", "INPS", "Poste Italiane", "Questura di {city}", "Enel", "Trenitalia", "Regione {region}"),
    "nl": ("Gemeente {city}", "Belastingdienst", "UWV", "Rechtbank {city}", "Rabobank", "Politie {city}", "ABN AMRO", "NS", "Ziggo", "Woningcorporatie {last}"),
    "pt": ("Prefeitura de {city}", "Câmara Municipal de {city}", "Receita Federal", "Tribunal de {city}", "INSS", "Caixa Econômica Federal", "Banco do Brasil", "Correios", "Segurança Social", "EDP"),
}  # fmt: skip
CLUBS = (
    "{city} United", "FC {city}", "{city} FC", "{city} Tigers", "{city} Rovers", "{city} Symphony Orchestra", "{city} Rotary Club", "{city} Book Club", "The {last} Foundation", "{last} Trust",
    "{city} Lions", "{city} Hawks", "Friends of {city}", "{city} Museum of Art", "The {plural}", "{city} Daily News", "{city} Times", "The {city} Gazette",
)  # fmt: skip
PLURALS = [
    "Rolling Pebbles",
    "Strokes",
    "Wanderers",
    "Black Keys",
    "Killers",
    "Pixies",
    "Foals",
    "Beatles",
    "Rolling Stones",
    "Wailers",
    "Lumineers",
    "Mountain Goats",
    "Night Owls",
    "Paper Kites",
]
BARE_FORM = re.compile(
    r",? (?:Inc|Ltd|PLC|plc|Corp|Corporation|Limited|S\.A|N\.V|NV|AG|SE|Co|Company|LLC|SpA|AB|ASA|Oyj)\.?$"
)


def _named(scene: Scene, pattern: str) -> str:
    """Fill a pattern with a place or a surname, drawing only what it asks for."""
    text = pattern
    if "{city}" in text:
        text = text.replace(
            "{city}",
            places.town(scene, scene.country)[0] if scene.chance(0.7) else scene.one(places.BIG_CITIES),
        )
    if "{region}" in text:
        text = text.replace("{region}", places.region(scene))
    if "{last}" in text:
        text = text.replace("{last}", scene.one(scene.names().last))
    if "{first}" in text:
        text = text.replace("{first}", scene.one(scene.names().first))
    return text.replace("{plural}", scene.one(PLURALS))


def company(scene: Scene) -> str:
    """Return a company: a known one, a listed one, or one made up."""
    luck = scene.rng.random()
    if luck < 0.2:
        return scene.one(KNOWN)
    if luck < 0.58:
        name = (
            scene.one(scene.world.companies).rstrip(". ")
            if scene.chance(0.5)
            else scene.one(scene.world.companies)
        )
        return BARE_FORM.sub("", name) if scene.chance(0.45) else name
    form = scene.one(FORMS[scene.language])
    last, other, third = (scene.one(scene.names().last) for _ in range(3))
    prefix, trade = scene.one(PREFIXES), scene.one(TRADES)
    return scene.one(
        (
            f"{last} {form}", f"{last} {trade}", f"{last}, {other} and {third}", f"{last}-{other}", f"{last} & {other}", f"{prefix} {trade}", f"{prefix}{trade}", f"{prefix} {trade} {form}",
            f"{last} {trade} {form}", f"{prefix}{scene.one(PREFIXES).lower()}", f"{last} & {other} {form}", f"{places.town(scene, scene.country)[0]} {trade}", f"{scene.fill('???')} {trade}", f"{prefix}.{scene.word('io ai com')}",
            f"{prefix}ly", f"{last}'s {trade}" if scene.language == "en" else f"{last} {form}", f"{scene.one(scene.names().first)}'s {scene.word('Diner Pizza Bar Garage Salon Deli Kitchen')}" if scene.language == "en" else f"{prefix} {form}",
        )
    )  # fmt: skip


def school(scene: Scene) -> str:
    """Return a school or university."""
    return _named(scene, scene.one(SCHOOLS[scene.language]))


def clinic(scene: Scene) -> str:
    """Return a hospital or practice."""
    return _named(scene, scene.one(CLINICS[scene.language]))


def office(scene: Scene) -> str:
    """Return an authority or a public service."""
    return _named(scene, scene.one(OFFICES[scene.language]))


def bank(scene: Scene) -> str:
    """Return a bank or an insurer."""
    return scene.one(("HSBC", "Barclays", "Santander", "Wells Fargo", "Chase", "Citibank", "ING", "Deutsche Bank", "BNP Paribas", "UniCredit", "Revolut", "N26", "Monzo", "Bank of America", "Capital One", "Allianz", "AXA",
                      f"{scene.one(scene.names().last)} Bank", f"First {scene.one(PREFIXES)} Bank", f"{places.city(scene)} Credit Union", "Nationwide", "NatWest", "TD Bank", "Rabobank", "Crédit Agricole", "BBVA", "Intesa Sanpaolo"))  # fmt: skip


def organisation(scene: Scene) -> str:
    """Return any organisation: mostly a company."""
    luck = scene.rng.random()
    if luck < 0.7:
        return company(scene)
    if luck < 0.8:
        return school(scene)
    if luck < 0.87:
        return clinic(scene)
    if luck < 0.94:
        return office(scene)
    return _named(scene, scene.one(CLUBS))
