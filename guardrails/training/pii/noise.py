"""How texts get damaged: slips of the finger, lost punctuation, hard line breaks, letters misread from paper."""

from guardrails.training.pii.draft import Part
from guardrails.training.pii.scene import Scene

MISREAD = (
    ("o", "0"),
    ("l", "1"),
    ("rn", "m"),
    ("I", "l"),
    ("e", "c"),
    (".", " ."),
    (",", " ,"),
    ("ll", "11"),
    ("S", "5"),
    ("B", "8"),
)
TYPOGRAPHIC = (("'", "’"), (" - ", " – "), ('"', "”"), ("...", "…"))


def _slip(scene: Scene, text: str) -> str:
    """Swap, drop or double a few letters within words."""
    letters = list(text)
    for _ in range(max(1, len(letters) // 45)):
        at = scene.rng.randrange(1, max(2, len(letters) - 1))
        if at + 1 < len(letters) and letters[at].isalpha() and letters[at + 1].isalpha():
            luck = scene.rng.random()
            if luck < 0.4:
                letters[at], letters[at + 1] = letters[at + 1], letters[at]
            elif luck < 0.7:
                letters[at] = ""
            else:
                letters[at] *= 2
    return "".join(letters)


def damage(scene: Scene, parts: list[Part]) -> list[Part]:
    """Return the parts as a hurried writer or a scanner would have left them; most stay as they are."""
    luck = scene.rng.random()
    if luck < 0.72:
        return parts
    if luck < 0.79:
        return [
            part if part.entity or len(part.text) < 8 else Part(_slip(scene, part.text)) for part in parts
        ]
    if luck < 0.84:
        return [
            part if part.entity else Part(part.text.replace(", ", " ").replace(". ", " ").rstrip(".!?"))
            for part in parts
        ]
    if luck < 0.88:
        change = scene.one((str.upper, str.lower))
        return [Part(change(part.text), part.entity) for part in parts]
    if luck < 0.91:
        old, new = scene.one(MISREAD)
        return [part if part.entity else Part(part.text.replace(old, new, 2)) for part in parts]
    if luck < 0.95:
        old, new = scene.one(TYPOGRAPHIC)
        return [part if part.entity else Part(part.text.replace(old, new)) for part in parts]
    if luck < 0.975:
        return [
            part if part.entity else Part(part.text.replace(". ", scene.one((".\n", ".\n\n", ".  "))))
            for part in parts
        ]
    quote = scene.one(("> ", "  ", "| ", "# ", "// "))
    return [
        Part(quote),
        *(part if part.entity else Part(part.text.replace("\n", f"\n{quote}")) for part in parts),
    ]
