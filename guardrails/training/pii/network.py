"""What machines and accounts are known by: addresses, links, hardware, secrets and purses."""

from guardrails.training.pii import people
from guardrails.training.pii.scene import Scene

ALPHABET_58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
PATHS = [
    "index.html", "about", "contact", "login", "profile", "users", "blog", "news", "products", "shop",
    "cart", "search", "account", "settings", "docs", "wiki", "gallery", "photos", "team", "pricing", "faq",
    "support", "download", "orders", "invoice", "share", "view", "files", "report", "events", "careers",
    "status", "watch",
]  # fmt: skip
PASSWORD_WORDS = [
    "Summer", "Winter", "Dragon", "Monkey", "Shadow", "Sunshine", "Princess", "Football", "Letmein",
    "Welcome", "Password", "Passw0rd", "P@ssw0rd", "Hunter", "Qwerty", "Tiger", "Secret", "Admin", "Master",
    "Baseball", "Superman", "Batman", "Flower", "Cookie", "Banana", "Orange", "Chelsea", "Liverpool",
    "Mustang", "Ferrari", "Pa55word", "Soleil", "Bonjour", "Sommer", "Schatz", "Geheim", "Hallo", "Amor",
    "Estrella", "Ciao", "Juventus", "Welkom", "Zomer", "Senha", "Futebol",
]  # fmt: skip


def _random(scene: Scene, alphabet: str, length: int) -> str:
    return "".join(scene.one(alphabet) for _ in range(length))


def ipv4(scene: Scene) -> str:
    """Return an address of a machine."""
    if scene.chance(0.3):
        return (
            scene.one(("10.#.#.##", "192.168.#.##", "192.168.1.1##", "172.16.#.##", "10.0.#.2##"))
            .replace("2##", "2")
            .replace("##", str(scene.rng.randrange(1, 255)))
            .replace("#", str(scene.rng.randrange(10)))
        )
    return ".".join(str(scene.rng.randrange(1, 255)) for _ in range(4))


def ip(scene: Scene) -> str:
    """Return an address of a machine, of the old kind or the new."""
    if scene.chance(0.72):
        return ipv4(scene)
    groups = [f"{scene.rng.randrange(65536):x}" for _ in range(8)]
    if scene.chance(0.4):
        return f"{scene.word('2001:db8 fe80 2a02:8109 2600:1f18 fd00 2001:0db8')}::{':'.join(groups[: scene.rng.randrange(1, 5)])}"
    if scene.chance(0.3):
        groups = [f"{scene.rng.randrange(65536):04x}" for _ in range(8)]
    return ":".join(groups)


def mac(scene: Scene) -> str:
    """Return a hardware address."""
    pairs = [f"{scene.rng.randrange(256):02x}" for _ in range(6)]
    text = scene.one((":", ":", ":", "-")).join(pairs)
    if scene.chance(0.08):
        text = f"{''.join(pairs[:2])}.{''.join(pairs[2:4])}.{''.join(pairs[4:])}"
    return text.upper() if scene.chance(0.4) else text


def imei(scene: Scene) -> str:
    """Return the number of a telephone's hardware."""
    return scene.fill(
        scene.one(
            (
                "35#############",
                "01##############"[:15],
                "86#############",
                "##-######-######-#",
                "49-015420-######-#",
            )
        )
    )


def url(scene: Scene) -> str:
    """Return a link, with or without its scheme, path and query."""
    start = scene.one(("https://", "https://", "https://www.", "http://", "http://www.", "www.", ""))
    host = people.domain(scene)
    if not start and scene.chance(0.5):
        return host
    if start and scene.chance(0.06):
        return f"{start.removesuffix('www.') or 'http://'}{ipv4(scene)}:{scene.word('80 443 8080 3000 5000 8000')}/"
    path = ""
    for _ in range(scene.rng.choice((0, 0, 1, 1, 2, 3))):
        path += "/" + scene.one(
            (
                scene.one(PATHS),
                scene.one(PATHS),
                people.username(scene),
                scene.fill("%####"),
                f"{scene.one(people.WORDS)}-{scene.one(people.WORDS)}",
            )
        )
    if scene.chance(0.06):
        return f"{start or 'https://'}{scene.word('twitter.com facebook.com linkedin.com/in instagram.com github.com t.me youtube.com/@x medium.com')}/{people.username(scene)}"
    if scene.chance(0.12):
        path += f"?{scene.word('id user q ref token page utm_source session')}={scene.one((scene.fill('%####'), people.username(scene), _random(scene, ALPHABET_58, 12)))}"
    elif scene.chance(0.15):
        path += "/"
    if scene.chance(0.04):
        return f"https://{scene.word('t.co bit.ly tinyurl.com goo.gl')}/{_random(scene, ALPHABET_58, 8)}"
    return f"{start}{host}{path}"


def password(scene: Scene) -> str:
    """Return a password as people choose it, or as a machine makes it."""
    luck = scene.rng.random()
    digits = scene.fill(scene.one(("#", "##", "###", "20##", "19##", "123", "1234")))
    mark = scene.one("!!!@#$%&*?._-+")
    if luck < 0.4:
        return scene.one((f"{scene.one(PASSWORD_WORDS)}{digits}{mark}", f"{scene.one(PASSWORD_WORDS)}{digits}", f"{scene.one(people.WORDS)}{digits}{mark}",
                          f"{mark}{scene.one(PASSWORD_WORDS)}{mark}{digits}", f"{scene.one(PASSWORD_WORDS).lower()}{digits}"))  # fmt: skip
    if luck < 0.5:
        return "-".join(scene.one(people.WORDS) for _ in range(scene.rng.randrange(3, 5)))
    if luck < 0.58:
        return people.plain(scene.known()[0]).title() + digits + mark
    strong = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%^&*()_+-="
    return _random(scene, strong if luck < 0.88 else strong[:62], scene.rng.randrange(8, 18))


def pin(scene: Scene) -> str:
    """Return a short secret number."""
    return scene.fill(scene.one(("####", "####", "######", "#####")))


def api_key(scene: Scene) -> str:
    """Return a secret that opens an account to a program."""
    base = ALPHABET_58 + "0O"
    return scene.one(
        (
            f"sk-{_random(scene, base, 32)}", f"sk_live_{_random(scene, base, 24)}", f"ghp_{_random(scene, base, 36)}", f"AKIA{_random(scene, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}",
            f"xoxb-{scene.fill('###########')}-{_random(scene, base, 20)}", f"AIza{_random(scene, base, 30)}", _random(scene, base, 32), _random(scene, "0123456789abcdef", 32),
            f"pk_test_{_random(scene, base, 20)}", f"glpat-{_random(scene, base, 20)}",
        )
    )  # fmt: skip


def crypto(scene: Scene) -> str:
    """Return where somebody's coins are kept."""
    luck = scene.rng.random()
    if luck < 0.35:
        return scene.word("1 3") + _random(scene, ALPHABET_58, scene.rng.randrange(25, 34))
    if luck < 0.55:
        return "bc1q" + _random(scene, "qpzry9x8gf2tvdw0s3jn54khce6mua7l", 38)
    if luck < 0.87:
        return "0x" + _random(
            scene, "0123456789abcdef" if scene.chance(0.5) else "0123456789abcdefABCDEF", 40
        )
    return scene.word("L ltc1q r D") + _random(scene, ALPHABET_58, 33)
