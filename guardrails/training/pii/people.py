"""Names in the forms that people give them, and what belongs to a name: titles, professions, handles, mail."""

import re
import unicodedata
from types import MappingProxyType

from guardrails.training.pii import pools
from guardrails.training.pii.scene import Scene

TITLES = MappingProxyType(
    {
        "en": "Mr Mr. Mr. Mrs Mrs. Ms Ms. Ms. Dr Dr. Dr. Miss Prof. Professor Sir Madam Rev. Capt. Hon. Doctor Lady Lord "
        "Sgt. Judge Mx. Father Sister Dame Col. Lt. Officer Senator President Mister",
        "de": "Herr Herr Herrn Frau Frau Dr. Prof. Dr.med. Fräulein Ing. Dipl.-Ing. Mag.",
        "fr": "M. M. Monsieur Monsieur Mme Mme Madame Madame Mlle Mademoiselle Dr Docteur Maître Me Pr",
        "es": "Sr. Sra. Sr. Sra. Señor Señora Don Doña D. Dña. Dr. Dra. Srta. Lic. Ing.",
        "it": "Sig. Sig.ra Signor Signora Dott. Dott.ssa Avv. Ing. Prof. Prof.ssa Geom. Dr.",
        "nl": "Dhr. Mevr. meneer mevrouw Mw. De heer Dr. Drs. Prof. Ir. Mr.",
        "pt": "Sr. Sra. Senhor Senhora Dr. Dra. Dona D. Prof. Profa. Eng. Exmo.",
    }
)
PARTICLES = "van de von der van der di del da de la le la dos O' Mac St. bin al- ten zu"
NICKNAMES = [
    "Mike", "Joe", "Liz", "Beth", "Bob", "Kate", "Tom", "Jim", "Sue", "Dan", "Matt", "Chris", "Alex", "Sam",
    "Nick", "Tony", "Steve", "Ben", "Jen", "Meg", "Ed", "Ted", "Andy", "Pete", "Greg", "Jeff", "Kim", "Pam",
    "Rob", "Ron", "Ray", "Vicky", "Will", "Max", "Leo", "Gus", "Zoe", "Lou", "Jo", "Abby", "Maddie",
    "Ollie", "Charlie", "Frankie", "Billy", "Johnny", "Jimmy", "Danny", "Eddie", "Becky", "Cathy", "Debbie",
    "Jackie", "Nate", "Zach", "Josh", "Jake", "Luke", "John", "Mary", "James", "Robert", "Linda", "Susan",
    "Karen", "Lisa", "Mark", "Paul", "Donna", "Grace", "Hope", "Faith", "Rose", "Lily", "Daisy", "Violet",
    "Ruby", "May", "June", "April", "Summer", "Dawn", "Joy", "Jade", "Pearl", "Ivy", "Hazel", "Amber",
    "Chase", "Grant", "Drew", "Miles", "Reed", "Cliff", "Glen", "Dale", "Heath", "Rusty", "Art", "Bill",
    "Frank", "Jack", "Chuck", "Dick", "Rich", "Pat", "Sandy", "Gene", "Mason", "Hunter", "Cooper", "Carter",
    "Parker", "Taylor", "Jordan", "Austin", "Dallas", "Paris", "Sydney", "Brooklyn", "Madison", "Savannah",
    "Georgia", "Virginia", "Charlotte", "Florence", "Victoria", "Carolina", "Israel", "Chad", "Kenya",
    "India", "China", "Asia", "Dakota", "Christian", "Angel", "Jesus", "Earl", "Duke", "Prince", "Baron",
    "Major", "Royal", "King", "Precious", "Blessing", "Sunday", "Friday", "Destiny", "Genesis", "Harmony",
]  # fmt: skip
SURNAMES_LIKE_WORDS = [
    "Young", "Long", "Short", "Little", "Small", "Rich", "Good", "Best", "Sharp", "Wise", "Strong", "Swift",
    "Moody", "Savage", "Bright", "Black", "White", "Brown", "Green", "Gray", "Grey", "Gold", "Silver",
    "Price", "Bill", "Banks", "Cash", "Penny", "Fields", "Woods", "Rivers", "Brooks", "Lake", "Hill",
    "Stone", "Rock", "Marsh", "Moss", "Forest", "Bush", "Rose", "Flowers", "Berry", "Bean", "Rice",
    "Pepper", "Salt", "Cook", "Baker", "Butler", "Carter", "Cooper", "Farmer", "Fisher", "Gardener",
    "Hunter", "Mason", "Miller", "Potter", "Shepherd", "Taylor", "Turner", "Weaver", "Bird", "Crane",
    "Drake", "Finch", "Fox", "Hawk", "Lamb", "Lyon", "Wolf", "Bear", "Bass", "Pike", "Day", "Winter",
    "Summer", "Weeks", "Monday", "March", "May", "Major", "King", "Prince", "Bishop", "Pope", "Abbot",
    "Church", "Parsons", "Dean", "Law", "Justice", "Love", "Hope", "Joy", "Power", "Wall", "House", "Hall",
    "Park", "Street", "Lane", "Case", "Page", "Booker", "Read", "Wright", "Walker", "Park", "Ford", "Mills",
    "Bridges", "Snow", "Frost", "Storm", "Rain", "Hale", "Holiday", "Christmas", "English", "French",
    "German", "Holland", "Ireland", "Scott", "Welsh", "London", "York", "Lincoln", "Washington", "Jackson",
    "Jordan", "Israel", "Chase", "Grant", "Hunt", "Gates", "Jobs", "Cook", "Bloomberg", "Chan", "Ma", "An",
    "Do", "Le", "So", "Ng", "Hu", "Ho", "Wu", "Oh", "Im", "Ko", "Van", "Vo",
]  # fmt: skip
MAIL_HOSTS = [
    "gmail.com", "gmail.com", "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com",
    "aol.com", "gmx.de", "web.de", "t-online.de", "orange.fr", "free.fr", "wanadoo.fr", "laposte.net",
    "libero.it", "virgilio.it", "ziggo.nl", "kpnmail.nl", "uol.com.br", "bol.com.br", "terra.com",
    "hotmail.es", "yahoo.co.uk", "btinternet.com", "proton.me", "protonmail.com", "live.com", "msn.com",
    "comcast.net", "verizon.net", "example.com", "example.org", "example.net", "yandex.com",
    "rediffmail.com", "mail.com", "sapo.pt", "bluewin.ch", "hotmail.fr", "fastmail.com", "zoho.com",
    "me.com", "att.net", "sky.com", "tutanota.com", "yahoo.de", "yahoo.fr", "yahoo.com.br", "qq.com",
    "163.com", "naver.com", "telenet.be",
]  # fmt: skip
ENDINGS = [
    "com", "com", "com", "com", "org", "net", "io", "co.uk", "de", "fr", "es", "it", "nl", "pt", "com.br",
    "eu", "co", "info", "biz", "edu", "ac.uk", "gov", "ai", "dev", "app", "us", "ca", "ch", "at", "be",
    "se", "pl", "in", "com.au", "ie", "tech", "online", "shop", "health", "law", "me", "tv",
]  # fmt: skip
WORDS = [
    "blue", "sun", "star", "dark", "night", "wolf", "moon", "tiger", "ninja", "cool", "happy", "lucky",
    "super", "mega", "pixel", "cyber", "shadow", "dragon", "coffee", "pizza", "music", "guitar", "soccer",
    "runner", "gamer", "travel", "hiker", "rock", "jazz", "sky", "ocean", "river", "snow", "fire", "ice",
    "storm", "wild", "red", "green", "purple", "golden", "silver", "iron", "steel", "sweet", "crazy",
    "little", "big", "old", "real", "the", "mr", "miss", "its", "just", "only", "not", "so", "very", "sir",
    "queen", "king", "butter", "sugar", "honey", "cat", "dog", "bear", "fox", "panda", "koala", "bunny",
    "unicorn", "robot", "hacker", "coder", "dev", "geek", "nerd", "art", "photo", "film", "book", "panther",
    "eagle", "falcon", "turbo", "nitro", "quantum", "cosmic", "lunar", "solar", "retro", "vintage",
]  # fmt: skip
EVERYDAY_JOBS = MappingProxyType(
    {
        "en": "software engineer|project manager|nurse|teacher|accountant|CEO|CFO|CTO|sales manager|product manager|"
        "office manager|HR manager|marketing director|data scientist|electrician|plumber|chef|paralegal|attorney|"
        "senior analyst|consultant|vice president|branch manager|store manager|account executive|architect|"
        "administrative assistant|executive assistant|customer success manager|head of sales|head of HR|recruiter|"
        "mechanic|truck driver|pharmacist|social worker|librarian|journalist|photographer|graphic designer|"
        "Managing Director|Chief Operating Officer|Senior Software Engineer|General Counsel|Head of Procurement|"
        "Regional Director|Payroll Specialist|Chief Financial Officer|Director of Engineering|Founder|Co-founder",
        "de": "Geschäftsführer|Geschäftsführerin|Sachbearbeiterin|Softwareentwickler|Vertriebsleiter|Projektleiterin|"
        "Krankenschwester|Lehrer|Ingenieurin|Steuerberater|Rechtsanwältin|Personalreferentin|Buchhalter|Erzieherin|"
        "Leiter Einkauf|Assistentin der Geschäftsleitung|Kundenberater|Hausverwalter|Pflegefachkraft",
        "fr": "directeur commercial|comptable|infirmière|professeur|ingénieur|avocate|responsable RH|chef de projet|"
        "gérant|assistante de direction|médecin généraliste|notaire|développeur|conseillère clientèle|directrice",
        "es": "director general|contable|enfermera|profesor|ingeniera|abogado|jefa de proyecto|responsable de RR. HH.|"
        "gerente|secretaria|médico de familia|notario|desarrollador|asesora comercial|directora financiera",
        "it": "direttore generale|contabile|infermiera|insegnante|ingegnere|avvocato|responsabile del personale|"
        "capo progetto|amministratore delegato|segretaria|medico di base|notaio|sviluppatore|consulente commerciale",
        "nl": "directeur|boekhouder|verpleegkundige|leraar|ingenieur|advocaat|HR-manager|projectleider|"
        "accountmanager|secretaresse|huisarts|notaris|softwareontwikkelaar|klantadviseur|teamleider",
        "pt": "diretor geral|contador|enfermeira|professora|engenheiro|advogada|gerente de projetos|analista de RH|"
        "gerente comercial|secretária|médico|desenvolvedor|consultora|diretora financeira|contabilista",
    }
)


def plain(text: str) -> str:
    """Return the letters and digits of a name, without accents, in lower case."""
    decomposed = unicodedata.normalize("NFKD", text)
    return re.sub(r"[^a-z0-9]", "", decomposed.encode("ascii", "ignore").decode().lower()) or "x"


def _draw(scene: Scene) -> tuple[str, str]:
    names = scene.names()
    first, last = scene.one(names.first), scene.one(names.last)
    if scene.language == "en":
        if scene.chance(0.14):
            first = scene.one(NICKNAMES)
        if scene.chance(0.05):
            last = scene.one(SURNAMES_LIKE_WORDS)
    if scene.chance(0.02):
        last = f"{scene.word(PARTICLES)} {last}"
    elif scene.chance(0.03):
        last = f"{last}-{scene.one(names.last)}"
    scene.named.append((first, last))
    return first, last


def person(scene: Scene) -> str:
    """Return a name as it stands in a sentence: mostly first and last, sometimes more or less."""
    first, last = _draw(scene)
    luck = scene.rng.random()
    if luck < 0.70:
        return f"{first} {last}"
    if luck < 0.76:
        return f"{first} {scene.one(scene.names().first)[0]}. {last}"
    if luck < 0.80:
        return f"{first[0]}. {last}"
    if luck < 0.83:
        return f"{first} {scene.one(scene.names().first)} {last}"
    if luck < 0.85:
        return (
            f"{first} {last} {scene.word('Jr. Jr Sr. III II')}"
            if scene.language == "en"
            else f"{first} {last}"
        )
    if luck < 0.87:
        return f"{first[0]}.{scene.fill('?')}. {last}"
    if luck < 0.88:
        return f"{first} {last[0]}."
    if luck < 0.89:
        return f'{first} "{scene.one(NICKNAMES)}" {last}'
    if luck < 0.92 and scene.country in {"ES", "MX", "AR", "CO", "PT", "BR"}:
        return f"{first} {last} {scene.one(scene.names().last)}"
    if luck < 0.95:
        return first
    return f"{first} {last}"


def full_name(scene: Scene) -> str:
    """Return a first and a last name, as a form asks for."""
    first, last = _draw(scene)
    if scene.chance(0.1):
        return f"{first} {scene.one(scene.names().first)} {last}"
    return f"{first} {last}"


def first_name(scene: Scene) -> str:
    """Return a first name alone; now and then a double one."""
    first, _ = _draw(scene)
    if scene.chance(0.03):
        return f"{first}{scene.word('- _').replace('_', ' ')}{scene.one(scene.names().first)}"
    return first


def last_name(scene: Scene) -> str:
    """Return a last name alone."""
    return _draw(scene)[1]


def middle_name(scene: Scene) -> str:
    """Return what stands in the field for a middle name."""
    return (
        scene.fill("?") + scene.word("._ _").rstrip("_")
        if scene.chance(0.3)
        else scene.one(scene.names().first)
    )


def last_first(scene: Scene) -> str:
    """Return a name as lists have it, the last name first."""
    first, last = _draw(scene)
    middle = f" {scene.fill('?')}." if scene.chance(0.2) else ""
    return f"{last}, {first}{middle}"


def initials(scene: Scene) -> str:
    """Return a name shortened to its initials and the last name, or to the initials alone."""
    first, last = _draw(scene)
    return scene.one(
        (f"{first[0]}. {last}", f"{first[0]}. {last}", f"{first[0]} {last}", f"{last} {first[0]}.")
    )


def title(scene: Scene) -> str:
    """Return how a person is addressed before the name."""
    return scene.word(TITLES[scene.language])


def job(scene: Scene) -> str:
    """Return a profession."""
    if scene.chance(0.6):
        return scene.one(EVERYDAY_JOBS[scene.language].split("|"))
    if scene.language in {"it", "nl"}:
        return scene.one(EVERYDAY_JOBS[scene.language].split("|"))
    return scene.one(pools.jobs(scene.language))


def email(scene: Scene) -> str:
    """Return an address that mostly belongs to somebody named in the text."""
    first, last = (plain(name) for name in scene.known())
    digits = scene.fill(scene.one(("#", "##", "%###", "19##", "20##")))
    local = scene.one(
        (
            f"{first}.{last}", f"{first}.{last}", f"{first}.{last}", f"{first[0]}{last}", f"{first[0]}.{last}", first,
            f"{first}{last}", f"{first}_{last}", f"{last}.{first}", f"{first}{digits}", f"{first}.{last}{digits}",
            f"{last}{first[0]}", f"{first}-{last}", f"{scene.one(WORDS)}{scene.one(WORDS)}{digits}", last,
            f"{first}+{scene.word('news shop work test spam')}", f"{first[0]}{last}{digits}",
        )
    )  # fmt: skip
    if scene.chance(0.1):
        local = scene.word(
            "info contact sales hr office billing admin kontakt support legal privacy service jobs mail"
        )
    return f"{local}@{host(scene)}"


def host(scene: Scene) -> str:
    """Return a mail host: a big provider's, or some company's own."""
    return scene.one(MAIL_HOSTS) if scene.chance(0.55) else domain(scene)


def domain(scene: Scene) -> str:
    """Return a domain name."""
    if scene.chance(0.5):
        stem = plain(scene.known()[1])
        stem += scene.one(
            ("", "", "group", "-consulting", "law", "tech", "-online", "shop", "studio", "-gmbh", "design")
        )
    elif scene.chance(0.5):
        stem = plain(scene.one(scene.world.companies).split()[0])
    else:
        stem = scene.one(WORDS) + scene.one(("-", "")) + scene.one(WORDS)
    if scene.chance(0.12):
        stem = f"{scene.word('mail www app portal intranet shop blog my secure eu1 dev corp')}.{stem}"
    return f"{stem}.{scene.one(ENDINGS)}"


def spoken_email(scene: Scene) -> str:
    """Return an address written so that machines should not find it."""
    local, _, rest = email(scene).partition("@")
    at, dot = scene.one(
        (("at", "dot"), ("[at]", "[dot]"), ("(at)", "(dot)"), ("AT", "DOT"), ("(at)", "."), ("@", "dot"))
    )
    spaced = "" if at == "[at]" and scene.chance(0.4) else " "
    rest = rest.replace(".", f"{spaced}{dot}{spaced}" if dot != "." else ".")
    if dot == "dot":
        local = local.replace(".", " dot ").replace("_", " underscore ")
    return f"{local}{spaced}{at}{spaced}{rest}"


def username(scene: Scene) -> str:
    """Return a login name."""
    first, last = (plain(name) for name in scene.known())
    digits = scene.fill(scene.one(("#", "##", "###", "19##", "%###")))
    one, two = scene.one(WORDS), scene.one(WORDS)
    return scene.one(
        (
            f"{first}{digits}", f"{first}_{last}", f"{first}.{last}", f"{first[0]}{last}", f"{last}{first[0]}", first,
            f"{one}{two}{digits}", f"{one}_{two}", f"{one.title()}{two.title()}{digits}", f"xX_{one}{two}_Xx",
            f"{first}{last}{digits}", f"{one}{first}", f"{first}-{last}", f"{one}.{two}{digits}", f"{first[0]}{last[0]}{digits}",
            f"{first}_{one}{digits}", f"{last}{digits}", f"{first[:3]}{last[:3]}{digits}", f"the{one}{two}", f"_{first}_{digits}",
            scene.fill("%~~~~~###"), scene.fill("~~~~~~######"), scene.fill("#~~~#~~~##"), f"{first}{scene.fill('%####')}{last[:2]}",
            f"user{scene.fill('%###')}" if scene.chance(0.3) else f"{first}{two}",
        )
    )  # fmt: skip


def handle(scene: Scene) -> str:
    """Return a name on a social network, with its @."""
    return "@" + username(scene).replace("-", "_")


def user_id(scene: Scene) -> str:
    """Return the number or code by which an organisation knows a person."""
    return scene.fill(
        scene.one(
            (
                "#####", "######", "########", "E#####", "EMP-####", "EMP#####", "C-######", "CUST-#####", "CUST######",
                "S########", "M-######", "U######", "A#######", "??####", "???-#####", "##-#####", "P######", "N########",
                "#########", "MBR-######", "STU-######", "ID-#####", "????####", "CID-########", "?##-###-####",
            )
        )
    )  # fmt: skip
