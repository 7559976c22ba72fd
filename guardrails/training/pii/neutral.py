"""Values that look like personal data and are not: orders, prices, versions, hashes, models, code."""

from uuid import UUID

from guardrails.training.pii.scene import Scene

PRODUCTS = [
    "iPhone 15", "iPhone 15 Pro", "Galaxy S24", "Pixel 8", "MacBook Air M3", "PlayStation 5",
    "Xbox Series X", "Kindle", "AirPods", "Model 3", "RTX 4090", "Ryzen 9 7950X", "Windows 11",
    "Ubuntu 24.04", "Office 365", "Photoshop", "Surface Pro 9", "ThinkPad X1", "Echo Dot", "Roomba 980",
    "Canon R6", "GoPro Hero 12", "Nintendo Switch", "Dyson V15", "Instant Pot", "wireless mouse",
    "USB-C cable", "standing desk", "coffee maker", "blender", "running shoes", "winter jacket",
    "office chair", "desk lamp", "water bottle", "backpack", "headphones", "yoga mat", "air fryer",
    "vacuum cleaner", "printer cartridge", "HP LaserJet 4100", "Fitbit Charge 6", "Raspberry Pi 4",
    "Arduino Uno", "toner", "phone case", "screen protector", "garden hose", "cordless drill", "Boeing 737",
    "Airbus A320", "F-150", "Golf GTI", "GPT-4", "Claude 3", "Llama 3", "BERT", "T5", "C4", "GLUE", "MNIST",
    "Excel", "Word", "Teams", "Jira", "Confluence",
]  # fmt: skip
TECHNOLOGIES = [
    "S3", "EKS", "EC2", "RDS", "Kubernetes", "Docker", "Redis", "PostgreSQL", "Kafka", "Terraform",
    "Ansible", "Jenkins", "Python", "Java", "Rust", "Go", "Ruby", "Swift", "Julia", "Scala", "Perl",
    "Django", "Flask", "React", "Angular", "Vue", "Svelte", "Node.js", "Spark", "Hadoop", "Airflow",
    "Snowflake", "BigQuery", "Elasticsearch", "Grafana", "Prometheus", "Nginx", "Apache", "Tomcat",
    "Lambda", "CloudFront", "IAM", "VPC", "GKE", "AKS", "Celery", "RabbitMQ", "GraphQL", "gRPC", "OAuth",
    "JWT", "TLS", "HTTP/2", "IPv6", "DNS", "DHCP", "BGP", "LDAP", "SAML", "CUDA", "PyTorch", "TensorFlow",
    "Pandas", "NumPy", "Keras", "MongoDB", "Cassandra", "SQLite", "Helm", "Istio", "Pandas", "Maven",
    "Gradle", "Webpack", "Vite", "Claude", "Gemini", "Mistral", "Llama", "Alexa", "Siri", "Cortana",
    "Jasmine", "Jenkins", "Jupyter", "Ada", "Pascal", "Haskell", "Erlang", "Darwin", "Mercurial", "Gitea",
    "Lucene", "Athena", "Aurora", "Hermes", "Atlas", "Phoenix", "Apollo", "Titan", "Clair", "Harbor",
    "Falcon", "Puma", "Celeste",
]  # fmt: skip
GOODS = [
    "bread", "milk", "eggs", "apples", "coffee", "tea", "sugar", "rice", "chicken", "cheese", "tickets",
    "socks", "shirts", "books", "pens", "paper", "batteries", "candles", "towels", "plates", "cups",
    "chairs", "lamps", "tiles", "bricks", "screws", "bolts", "cables", "filters",
]  # fmt: skip


def number(scene: Scene) -> str:
    """Return a plain number."""
    return scene.fill(
        scene.one(
            (
                "%",
                "%#",
                "%#",
                "%##",
                "%###",
                "%,###",
                "%#,###",
                "%.#",
                "%#.##",
                "0.##",
                "%,###,###",
                "%e-#",
                "-%#",
            )
        )
    )


def order(scene: Scene) -> str:
    """Return the number of an order, a ticket or a parcel."""
    return scene.fill(
        scene.one(("#%####", "ORD-#####", "#%#####", "INV-20##-####", "TCK-#####", "%#######", "###-#######-#######", "PO-######", "JIRA-%###", "REQ######", "BUG-%##", "RMA#####", "SO%####", "1Z^^^########", "??#########??",
                   "INC00#####", "CASE-####-##", "%###-%###", "QT-%####", "#######-##"))
    )  # fmt: skip


def price(scene: Scene) -> str:
    """Return an amount of money."""
    amount = scene.fill(scene.one(("%#", "%##", "%#.99", "%##.##", "%,###", "%,###.##", "%##,###", "%.5#")))
    return scene.one(
        (
            f"${amount}",
            f"${amount}",
            f"€{amount}",
            f"£{amount}",
            f"{amount} EUR",
            f"{amount} USD",
            f"{amount} dollars",
            f"{amount} €",
            f"US${amount}",
            f"{amount}k",
            f"₹{amount}",
        )
    )


def version(scene: Scene) -> str:
    """Return the version of a program."""
    return scene.fill(
        scene.one(
            (
                "%.#.#",
                "v%.#.#",
                "%.##",
                "v%.#",
                "%.#.#-rc.#",
                "%.#.#-beta",
                "%#.#.#",
                "#.#.##.#",
                "20##.#.#",
                "%.##.#.%##",
                "r%###",
                "v%",
                "%.#.#+build.%##",
            )
        )
    )


def digest(scene: Scene) -> str:
    """Return a hash or an identifier made by a machine."""
    length = scene.one((7, 8, 12, 16, 32, 40, 64))
    text = "".join(scene.one("0123456789abcdef") for _ in range(length))
    return scene.one((text, text, f"sha256:{text}", text.upper()))


def uuid(scene: Scene) -> str:
    """Return a random identifier."""
    return str(UUID(int=scene.rng.getrandbits(128), version=4))


def product(scene: Scene) -> str:
    """Return the name of a thing to buy."""
    return scene.one(PRODUCTS)


def technology(scene: Scene) -> str:
    """Return the name of a tool, a language or a service for programmers."""
    return scene.one(TECHNOLOGIES)


def goods(scene: Scene) -> str:
    """Return ordinary goods."""
    return scene.one(GOODS)


def percent(scene: Scene) -> str:
    """Return a share."""
    return f"{scene.fill(scene.one(('%#', '%', '%.#', '%#.##')))}%"


def identifier(scene: Scene) -> str:
    """Return a name as programs have them."""
    one, two = (
        scene.word(
            "get set user load parse read max min total item node temp first last customer order send build"
        ),
        scene.word(
            "name id count data list value index key email path size address phone date handler config"
        ),
    )
    return scene.one(
        (
            f"{one}_{two}",
            f"{one}{two.title()}",
            f"{one.title()}{two.title()}",
            f"{one}.{two}",
            f"{one.upper()}_{two.upper()}",
            f"{one}_{two}()",
            f"self.{two}",
            f"${one}_{two}",
        )
    )


def file_name(scene: Scene) -> str:
    """Return a file with its path or without."""
    name = scene.word(
        "report data main index config setup test utils notes budget invoice model train app server image photo backup README export"
    )
    tail = scene.word("txt csv py js pdf xlsx docx json yaml md png jpg zip log sql html ts go rs java")
    return scene.one(
        (
            f"{name}.{tail}",
            f"{name}_{scene.fill('##')}.{tail}",
            f"src/{name}.{tail}",
            f"/var/{name}/{name}.{tail}",
            f"./{name}.{tail}",
            f"C:\\data\\{name}.{tail}",
            f"{name}-final-v{scene.fill('%')}.{tail}",
        )
    )


def flight(scene: Scene) -> str:
    """Return the number of a flight, a train or a bus."""
    return scene.fill(scene.one(("?? %##", "??%###", "ICE %##", "RE %", "TGV %###", "Line %#", "Bus %#")))


def sku(scene: Scene) -> str:
    """Return the number of an article."""
    return scene.fill(
        scene.one(
            (
                "???-%###",
                "SKU %#####",
                "SKU-????-##",
                "##-###-??",
                "ISBN 978-#-##-######-#",
                "EAN %############",
                "?%###-??",
                "Art.-Nr. ######",
                "P/N ###-####",
                "REF ######",
                "B0%#??##??",
            )
        )
    )


def measure(scene: Scene) -> str:
    """Return a quantity with its unit."""
    return f"{number(scene)} {scene.word('kg km miles MB GB ms seconds minutes hours mg ml °C inches feet pounds watts volts tokens rows users requests days weeks px mmHg bpm kcal cm m² rpm dB')}"


def port(scene: Scene) -> str:
    """Return the number of a port."""
    return scene.word("80 443 8080 3000 5432 6379 22 8443 9090 27017 5000 8000 25 3306 53 9200")
