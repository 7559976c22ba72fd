"""Dates, times, birthdays and ages as people and machines write them."""

from datetime import date, timedelta
from types import MappingProxyType

from guardrails.training.pii.scene import Scene

MONTHS = MappingProxyType(
    {
        "en": "January February March April May June July August September October November December",
        "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "nl": "januari februari maart april mei juni juli augustus september oktober november december",
        "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    }
)
WEEKDAYS = MappingProxyType(
    {
        "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "es": "lunes martes miércoles jueves viernes sábado domingo",
        "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
        "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
        "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    }
)
AGE_WORDS = (
    "eighteen nineteen twenty twenty-one twenty-five thirty thirty-two thirty-five forty forty-five fifty fifty-two sixty "
    "sixty-five seventy seventy-two eighty seven eight nine ten eleven twelve fifteen sixteen ninety-one"
)


def _day(scene: Scene, first_year: int, last_year: int) -> date:
    start = date(first_year, 1, 1)
    return start + timedelta(days=scene.rng.randrange((date(last_year, 12, 31) - start).days))


def _ordinal(day: int) -> str:
    return f"{day}{'th' if 10 <= day <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def _in_words(scene: Scene, day: date) -> str:
    month = MONTHS[scene.language].split()[day.month - 1]
    short, number, year = month[:3], day.day, day.year
    if scene.language == "en":
        return scene.one(
            (
                f"{month} {number}, {year}", f"{month} {number}, {year}", f"{number} {month} {year}", f"{short} {number}, {year}",
                f"{month} {_ordinal(number)}, {year}", f"{_ordinal(number)} of {month} {year}", f"{_ordinal(number)} {month} {year}",
                f"{month} {_ordinal(number)}", f"{number} {short} {year}", f"{number:02d}-{short}-{year}", f"{short}. {number}, {year}",
                f"{month} {number}", f"{number} {month}", f"{short} {_ordinal(number)}", f"{number:02d} {short} {year % 100:02d}",
                f"the {_ordinal(number)} of {month}"[4:], f"{number:02d}{short.upper()}{year}", f"{short} {number} {year}",
                f"{month}/{number:02d}", f"{month} {_ordinal(number)} {year}",
            )
        )  # fmt: skip
    if scene.language == "de":
        return scene.one(
            (
                f"{number}. {month} {year}",
                f"{number}. {month} {year}",
                f"{number}. {month}",
                f"{number:02d}. {short}. {year}",
            )
        )
    if scene.language in {"es", "pt"}:
        return scene.one(
            (
                f"{number} de {month} de {year}",
                f"{number} de {month} de {year}",
                f"{number} de {month}",
                f"{number} {short}. {year}",
            )
        )
    return scene.one(
        (
            f"{number} {month} {year}",
            f"{number} {month} {year}",
            f"{number} {month}",
            f"{number} {short}. {year}",
        )
    )


def _in_figures(scene: Scene, day: date) -> str:
    number, month, year, short = day.day, day.month, day.year, day.year % 100
    if scene.country == "US":
        return scene.one((f"{month:02d}/{number:02d}/{year}", f"{month}/{number}/{year}", f"{month}/{number}/{short:02d}", f"{year}-{month:02d}-{number:02d}",
                          f"{month:02d}-{number:02d}-{year}", f"{month:02d}/{number:02d}/{short:02d}", f"{month}/{number}"))  # fmt: skip
    dot = "." if scene.language == "de" or scene.chance(0.1) else scene.one(("/", "/", "-"))
    return scene.one((f"{number:02d}{dot}{month:02d}{dot}{year}", f"{number:02d}{dot}{month:02d}{dot}{year}", f"{number}{dot}{month}{dot}{year}",
                      f"{number:02d}{dot}{month:02d}{dot}{short:02d}", f"{year}-{month:02d}-{number:02d}", f"{year}/{month:02d}/{number:02d}"))  # fmt: skip


def day(scene: Scene) -> str:
    """Return a date, in words or in figures."""
    moment = _day(scene, 1985, 2032)
    text = _in_words(scene, moment) if scene.chance(0.5) else _in_figures(scene, moment)
    if scene.chance(0.06):
        weekday = WEEKDAYS[scene.language].split()[moment.weekday()]
        text = f"{weekday}, {text}" if scene.chance(0.6) else f"{weekday[:3]} {text}"
    return text


def clock(scene: Scene) -> str:
    """Return a time of the day."""
    hour, minute = scene.rng.randrange(24), scene.one((0, 0, 15, 30, 45, scene.rng.randrange(60)))
    half = "AM" if hour < 12 else "PM"
    twelve = hour % 12 or 12
    if scene.language == "en":
        return scene.one(
            (f"{twelve}:{minute:02d} {half}", f"{twelve}:{minute:02d}{half.lower()}", f"{hour:02d}:{minute:02d}", f"{twelve}{half.lower()}",
             f"{twelve} {half.lower()}", f"{twelve}:{minute:02d} {half.lower()[0]}.m.", f"{hour:02d}:{minute:02d}:{scene.rng.randrange(60):02d}",
             f"{twelve}{half}", f"{twelve} o'clock", f"{hour}:{minute:02d}", scene.one((f"half past {twelve}", f"quarter past {hour}", f"quarter to {twelve}", "noon", "midnight", f"{hour:02d}{minute:02d} hours")))
        )  # fmt: skip
    if scene.language == "de":
        return scene.one(
            (
                f"{hour}:{minute:02d} Uhr",
                f"{hour:02d}:{minute:02d}",
                f"{hour} Uhr",
                f"{hour}.{minute:02d} Uhr",
            )
        )
    if scene.language == "fr":
        return scene.one(
            (f"{hour}h{minute:02d}", f"{hour} h {minute:02d}", f"{hour:02d}:{minute:02d}", f"{hour}h")
        )
    return scene.one(
        (
            f"{hour:02d}:{minute:02d}",
            f"{hour}:{minute:02d}",
            f"{hour}.{minute:02d}",
            f"{hour}h{minute:02d}" if scene.language == "pt" else f"{hour}:{minute:02d}",
        )
    )


def stamp(scene: Scene) -> str:
    """Return a date with its time, as machines write it."""
    moment = _day(scene, 2012, 2029)
    hour, minute, second, milli = (scene.rng.randrange(n) for n in (24, 60, 60, 1000))
    short = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][
        moment.month - 1
    ]
    return scene.one(
        (
            f"{moment}T{hour:02d}:{minute:02d}:{second:02d}Z", f"{moment} {hour:02d}:{minute:02d}:{second:02d}",
            f"{moment}T{hour:02d}:{minute:02d}:{second:02d}.{milli:03d}Z", f"{moment} {hour:02d}:{minute:02d}",
            f"{moment}T{hour:02d}:{minute:02d}:{second:02d}+0{second % 3}:00", f"{short} {moment.day:2d} {hour:02d}:{minute:02d}:{second:02d}",
            f"{moment.day:02d}/{short}/{moment.year}:{hour:02d}:{minute:02d}:{second:02d} +0000",
            f"{moment} {hour:02d}:{minute:02d}:{second:02d},{milli:03d}", f"{moment.month}/{moment.day}/{moment.year} {hour % 12 or 12}:{minute:02d} {'AM' if hour < 12 else 'PM'}",
            f"{moment.year}{moment.month:02d}{moment.day:02d}T{hour:02d}{minute:02d}{second:02d}Z",
        )
    )  # fmt: skip


def moment(scene: Scene) -> str:
    """Return any date or time."""
    luck = scene.rng.random()
    if luck < 0.6:
        return day(scene)
    if luck < 0.72:
        return clock(scene)
    if luck < 0.82:
        return stamp(scene)
    if luck < 0.9:
        return weekday(scene)
    if luck < 0.95:
        return f"{scene.word(MONTHS[scene.language])} {scene.rng.randrange(1960, 2030)}"
    return year(scene)


def weekday(scene: Scene) -> str:
    """Return a day of the week."""
    return scene.word(WEEKDAYS[scene.language])


def month(scene: Scene) -> str:
    """Return a month, with or without its year."""
    name = scene.word(MONTHS[scene.language])
    return (
        name
        if scene.chance(0.4)
        else f"{name}{' de' if scene.language in {'es', 'pt'} else ''} {scene.rng.randrange(1990, 2031)}"
    )


def year(scene: Scene) -> str:
    """Return a year."""
    return str(scene.rng.randrange(1900, 2035))


def expiry(scene: Scene) -> str:
    """Return the month in which a card runs out."""
    number, short = scene.rng.randrange(1, 13), scene.rng.randrange(21, 36)
    return scene.one(
        (
            f"{number:02d}/{short}",
            f"{number:02d}/20{short}",
            f"{number:02d}-{short}",
            f"{number:02d} / {short}",
        )
    )


def birthday(scene: Scene) -> str:
    """Return a date of birth."""
    moment = _day(scene, 1930, 2016)
    return _in_words(scene, moment) if scene.chance(0.4) else _in_figures(scene, moment)


def age(scene: Scene) -> str:
    """Return an age in years: the number alone."""
    if scene.language == "en" and scene.chance(0.06):
        return scene.word(AGE_WORDS)
    return str(scene.rng.choice((scene.rng.randrange(18, 70), scene.rng.randrange(1, 100))))
