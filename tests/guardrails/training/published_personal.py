"""What others have published about personal data, in small and with texts of ours."""

from pathlib import Path

TEMPLATES = "\n".join(
    [f"Please send parcel {each} to {{{{address}}}} for {{{{person}}}}." for each in range(40)]
    + [f"My card {{{{credit_card_number}}}} was lost {each} times." for each in range(40)]
)
COMPANIES = "organization\n" + "\n".join(f"Northern Tea {letter}." for letter in "ABCDEFGHIJKLMNOPQRSTUVW")
NATIONALITIES = "country,nationality,man,woman,plural\nfrance,french,frenchman,frenchwoman,frenchmen\nchile,chilean,chilean,chilean,chileans\n"
TWEETS = "\n\n".join(
    f"@ada_{each}\tO\nmet\tO\nGrace\tB-person\nHopper\tI-person\nin\tO\nParis\tB-location\non\tO\nFriday\tO\n.\tO"
    for each in range(60)
)


def published_personal(folder: Path) -> Path:
    """Add templates, lists, addresses and marked sentences to a folder and return it."""
    _write(folder / "pii/presidio_research/templates.txt", TEMPLATES)
    _write(folder / "pii/presidio_research/companies_and_organizations.csv", COMPANIES)
    _write(folder / "pii/presidio_research/nationalities.csv", NATIONALITIES)
    for name in ("labeled", "multi_word_state_addresses", "us50_messiest_manual_label", "us50_train_tagged"):
        lines = "".join(
            f"<AddressString><Recipient>Bo &amp; Co</Recipient> <AddressNumber>{each}</AddressNumber> "
            f"<StreetName>{name}</StreetName> <PlaceName>Troy</PlaceName></AddressString>"
            for each in range(30)
        )
        _write(folder / f"pii/usaddress/{name}.xml", f"<AddressCollection>{lines}</AddressCollection>")
    for path in ("WNUT17/wnut17train.conll", "WNUT17/emerging.dev.conll", "wikigold/wikigold.conll.txt"):
        _write(folder / "ner" / path, TWEETS)
    _write(folder / "ner/SEC-filings/FIN5.txt", TWEETS)
    for letter in "abefg":
        _write(folder / f"ner/BTC/{letter}.conll", TWEETS)
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
