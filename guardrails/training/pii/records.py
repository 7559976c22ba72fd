"""Records of people as machines and forms keep them: JSON, YAML, XML, CSV, SQL, logs, tables, fields with colons."""

import json
import re
import unicodedata
from collections.abc import Callable, Sequence

from guardrails.training.pii.draft import Part
from guardrails.training.pii.fields import FIELDS, NEUTRAL_FIELDS, NEUTRAL_WORDS
from guardrails.training.pii.scene import Scene
from guardrails.training.pii.slots import SLOTS

Pair = tuple[str, Part]


def _snake(label: str) -> str:
    letters = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_") or "field"


def _keyed(scene: Scene, label: str) -> str:
    """Spell a label as programs do."""
    snake = _snake(label)
    camel = re.sub(r"_(\w)", lambda match: match[1].upper(), snake)
    return scene.one(
        (
            snake,
            snake,
            camel,
            snake.replace("_", ""),
            snake.replace("_", "-"),
            snake.upper(),
            camel[:1].upper() + camel[1:],
        )
    )


def choose(scene: Scene, *, least: int, most: int) -> tuple[list[tuple[str, str]], str]:
    """Choose fields, each a slot and its label, and return them with the group that they make."""
    fields = FIELDS[scene.language]
    count = scene.rng.randint(least, most)
    chosen = scene.rng.sample(range(len(fields)), min(count, len(fields)))
    if scene.chance(0.5):
        chosen.sort()
    picked = [(fields[index][0], scene.one(fields[index][1].split("|"))) for index in chosen]
    for _ in range(scene.rng.choice((0, 0, 0, 1, 1, 2))):
        slot, labels = scene.one((*NEUTRAL_FIELDS, *NEUTRAL_WORDS))
        at = scene.rng.randrange(len(picked) + 1)
        picked.insert(
            at,
            (
                slot if (slot, labels) in NEUTRAL_FIELDS else f"={labels}",
                scene.one(labels.split("|")) if (slot, labels) in NEUTRAL_FIELDS else slot,
            ),
        )
    group = f"record:{scene.language}:{'+'.join(sorted(slot for slot, _ in picked if not slot.startswith('='))[:3])}"
    return picked, group


def _value(scene: Scene, slot: str) -> Part:
    if slot.startswith("="):
        return Part(scene.one(slot[1:].split("|")))
    entity, write = SLOTS[slot]
    return Part(write(scene), entity)


def _one_line(part: Part) -> Part:
    return Part(re.sub(r",?\s*\n\s*,?\s*", ", ", part.text), part.entity)


def as_form(scene: Scene, pairs: Sequence[Pair]) -> list[Part]:
    """Return the fields as a form: a label, a mark, a value, in lines or in one."""
    mark = scene.one(
        (
            ": ",
            ": ",
            ": ",
            ":",
            " : ",
            " - ",
            " = ",
            ":\t",
            ":   ",
            "\t",
            ":\n",
            "; ",
            " ",
            " | ",
            "?: ",
            "→ ",
        )
    )
    gap = scene.one(("\n", "\n", "\n", "\n", ", ", "; ", " | ", " ", "\n\n", " / ", " • "))
    bullet = (
        scene.one(("", "", "", "", "- ", "* ", "• ", "> ", "1. ", "\t", "- **", "<b>", "[ ] ", "#"))
        if "\n" in gap
        else ""
    )
    close = {"- **": "**", "<b>": "</b>"}.get(bullet, "")
    lower = scene.chance(0.2)
    parts: list[Part] = []
    for index, (label, value) in enumerate(pairs):
        lead = f"{index + 1}. " if bullet == "1. " else bullet
        text = label.lower() if lower else label
        parts += [
            Part(f"{gap if index else ''}{lead}{text}{close}{mark}"),
            value if "\n" in gap else _one_line(value),
        ]
    return parts


def as_json(scene: Scene, pairs: Sequence[Pair]) -> list[Part]:
    """Return the fields as a JSON object, sometimes with one more around it."""
    indent = scene.one((", ", ",\n  ", ",\n    ", ","))
    colon = scene.one((": ", ": ", ":"))
    quote = scene.one(('"', '"', '"', '"', "'"))
    opening = scene.one(
        (
            "{",
            "{",
            "{",
            f"{{{quote}user{quote}: {{",
            f"{{{quote}data{quote}:{{",
            "[{",
            f"{{{quote}arguments{quote}: {{",
            "payload = {",
        )
    )
    parts = [Part(opening + (indent[1:] if indent.startswith(",\n") else ""))]
    for index, (label, value) in enumerate(pairs):
        safe = (
            json.dumps(value.text, ensure_ascii=False)[1:-1]
            if quote == '"'
            else value.text.replace("'", "").replace("\n", ", ")
        )
        bare = value.text.isdigit() and len(value.text) < 12 and scene.chance(0.3)
        wrap = "" if bare else quote
        parts += [
            Part(f"{indent if index else ''}{quote}{_keyed(scene, label)}{quote}{colon}{wrap}"),
            Part(safe, value.entity),
            Part(wrap),
        ]
    closing = {"{": "}", "[{": "}]", "payload = {": "}"}.get(opening, "}}")
    parts.append(Part(("\n" if "\n" in indent else "") + closing if scene.chance(0.95) else ""))
    return parts


def as_yaml(scene: Scene, pairs: Sequence[Pair]) -> list[Part]:
    """Return the fields as YAML, environment variables or an ini file."""
    mark = scene.one((": ", ": ", "=", " = ", ': "', '="'))
    lead = scene.one(("", "", "  ", "- ", "export "))
    parts: list[Part] = []
    for index, (label, value) in enumerate(pairs):
        key = _snake(label).upper() if lead == "export " else _keyed(scene, label)
        parts += [
            Part(f"{chr(10) if index else ''}{lead if index or lead != '- ' else '- '}{key}{mark}"),
            _one_line(value),
            Part('"' if mark.endswith('"') else ""),
        ]
    return parts


def as_xml(scene: Scene, pairs: Sequence[Pair]) -> list[Part]:
    """Return the fields as XML elements, as attributes, or as a table of a page."""
    kind = scene.one(("elements", "elements", "elements", "attributes", "cells", "paragraphs", "definition"))
    if kind == "attributes":
        parts = [Part(f"<{scene.word('user record customer person entry row')}")]
        for label, value in pairs:
            parts += [Part(f' {_keyed(scene, label)}="'), _one_line(value), Part('"')]
        return [*parts, Part("/>")]
    gap = scene.one(("", "\n", "\n  "))
    root = scene.word("customer person record employee patient user order contact")
    parts = [Part(f"<{root}>{gap}" if kind == "elements" else "<table>" if kind == "cells" else "")]
    for label, value in pairs:
        key = _keyed(scene, label)
        before, after = {
            "elements": (f"<{key}>", f"</{key}>"),
            "cells": (f"<tr><td>{label}</td><td>", "</td></tr>"),
            "paragraphs": (f"<p>{label}: ", "</p>"),
            "definition": (f"<li><strong>{label}:</strong> ", "</li>"),
        }[kind]
        parts += [Part(before), value, Part(after + gap)]
    return [*parts, Part(f"</{root}>" if kind == "elements" else "</table>" if kind == "cells" else "")]


def as_query(scene: Scene, pairs: Sequence[Pair]) -> list[Part]:
    """Return the fields in a query: to insert, update or find a row, or behind a link."""
    table = scene.word("users customers patients employees accounts contacts orders members leads people")
    kind = scene.one(("insert", "insert", "update", "where", "link", "call"))
    if kind == "link":
        parts = [
            Part(
                f"{scene.word('GET POST')} /{scene.word('api/v1/users search submit signup profile checkout')}?"
            )
        ]
        for index, (label, value) in enumerate(pairs):
            parts += [
                Part(f"{'&' if index else ''}{_keyed(scene, label)}="),
                Part(re.sub(r"\s+", scene.one(("+", "%20", "+")), value.text), value.entity),
            ]
        return parts
    if kind == "call":
        parts = [
            Part(
                f"{scene.word('create_user update_record send_mail register lookup User( Customer( client.post').rstrip('(')}("
            )
        ]
        for index, (label, value) in enumerate(pairs):
            parts += [Part(f'{", " if index else ""}{_snake(label)}="'), _one_line(value), Part('"')]
        return [*parts, Part(")")]
    quoted = [
        (_snake(label), _one_line(Part(value.text.replace("'", ""), value.entity))) for label, value in pairs
    ]
    if kind == "insert":
        parts = [Part(f"INSERT INTO {table} ({', '.join(key for key, _ in quoted)}) VALUES (")]  # noqa: S608
        for index, (_, value) in enumerate(quoted):
            parts += [Part(f"{', ' if index else ''}'"), value, Part("'")]
        return [*parts, Part(scene.one((");", ")")))]
    parts = [Part(f"UPDATE {table} SET " if kind == "update" else f"SELECT * FROM {table} WHERE ")]  # noqa: S608
    for index, (key, value) in enumerate(quoted):
        last = index == len(quoted) - 1
        joint = (
            ""
            if not index
            else (" WHERE " if last else ", ")
            if kind == "update"
            else scene.one((" AND ", " AND ", " OR "))
        )
        parts += [Part(f"{joint}{key} = '"), value, Part("'")]
    return [*parts, Part(scene.one((";", "")))]


def as_table(scene: Scene, pairs: Sequence[Pair]) -> list[Part]:
    """Return the fields as a table with a head: comma separated, by tabs, or Markdown; the second row is another person."""
    gap = scene.one((",", ",", ", ", ";", "\t", "|", " | "))
    head = scene.chance(0.93)
    frame = "| " if gap == " | " else ""
    frame_end = " |" if frame else ""
    labels = [label if scene.chance(0.5) else _snake(label) for label, _ in pairs]
    parts = [Part(f"{frame}{gap.join(labels)}{frame_end}\n" if head else "")]
    if frame and head:
        parts.append(Part("|" + "---|" * len(pairs) + "\n"))
    for index, (_, value) in enumerate(pairs):
        line = _one_line(value)
        quote = '"' if gap.strip() == "," and "," in line.text else ""
        parts += [Part(f"{gap if index else frame}{quote}"), line, Part(quote)]
    return [*parts, Part(frame_end)]


def as_values(scene: Scene, pairs: Sequence[Pair]) -> list[Part]:
    """Return the values alone, with nothing that tells what they are."""
    gap = scene.one((", ", ", ", "\n", "\n", " ", " / ", "; ", " | ", " - ", "\t"))
    parts: list[Part] = []
    for index, (_, value) in enumerate(pairs):
        parts += [Part(gap if index else ""), value if gap == "\n" else _one_line(value)]
    return parts


def as_log(scene: Scene, pairs: Sequence[Pair]) -> list[Part]:
    """Return the fields in a line that a program wrote."""
    level, module = (
        scene.word("INFO WARN ERROR DEBUG info warning"),
        scene.word("auth api billing web worker db mailer gateway sshd nginx app.login payments"),
    )
    word = scene.one(
        (
            "login",
            "user created",
            "request handled",
            "payment failed",
            "profile updated",
            "password reset",
            "webhook received",
            "session start",
            "lookup",
            "export done",
            "sign-up",
            "validation error",
        )
    )
    stamp = Part(SLOTS["stamp"][1](scene), "DATE_TIME")
    opening: list[Part] = scene.one(
        (
            [stamp, Part(f" {level} [{module}] {word} ")], [Part("["), stamp, Part(f"] {level}: {word} ")], [Part(f"{level} {module}: {word} ")],
            [stamp, Part(f" {module}[{scene.fill('%###')}]: {word}: ")], [Part(f"{level}:{module}:{word} - ")],
        )
    )  # fmt: skip
    mark, gap = scene.one((("=", " "), ("=", ", "), (": ", ", "), ('="', '" '), ("=", "; ")))
    parts = list(opening)
    for index, (label, value) in enumerate(pairs):
        parts += [Part(f"{gap if index else ''}{_keyed(scene, label)}{mark}"), _one_line(value)]
    return [*parts, Part('"' if mark == '="' else "")]


LAYOUTS: tuple[tuple[Callable[[Scene, Sequence[Pair]], list[Part]], int, int, int], ...] = (
    (as_form, 34, 1, 8), (as_json, 16, 2, 8), (as_yaml, 7, 1, 6), (as_xml, 7, 1, 6), (as_query, 9, 1, 5), (as_table, 8, 2, 7), (as_values, 10, 1, 3), (as_log, 9, 1, 4),
)  # fmt: skip


PLAIN = tuple(
    (slot, slot)
    for slot in [
        "person",
        "name",
        "last_first",
        "address",
        "street",
        "mixed_address",
        "email",
        "phone",
        "card",
        "iban",
        "date",
        "stamp",
        "org",
        "company",
        "city",
        "url",
        "ip",
        "mac",
        "crypto",
        "ssn",
        "nino",
        "codice",
        "cpf",
        "coordinates",
        "spoken_email",
        "plate",
    ]
)
"""What can be told by its looks alone."""


def record(scene: Scene) -> tuple[list[Part], str]:
    """Return a record in some layout, and the group that its fields make."""
    layout, _, least, most = scene.rng.choices(LAYOUTS, [weight for _, weight, _, _ in LAYOUTS])[0]
    if layout is as_values:
        fields = [scene.one(PLAIN) for _ in range(scene.rng.randint(least, most))]
        group = f"record:{'+'.join(sorted(slot for slot, _ in fields))}"
    else:
        fields, group = choose(scene, least=least, most=most)
    pairs = [(label, _value(scene, slot)) for slot, label in fields]
    return layout(scene, pairs), f"{group}:{layout.__name__}"
