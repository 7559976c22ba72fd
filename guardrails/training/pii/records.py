"""Records of people as machines and forms keep them: JSON, YAML, XML, CSV, SQL, logs, tables, fields with colons."""

import json
import re
from collections.abc import Callable, Sequence

from guardrails.training.pii.draft import Part
from guardrails.training.pii.scene import Scene
from guardrails.training.pii.slots import SLOTS

FIELDS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("name", "Name|Full Name|Customer|Patient|Employee|Applicant|Contact|Account Holder|Client|Recipient|Attn|Full legal name|Student|Passenger|Guest|Owner|Insured|Author|Manager|Tenant|Name of applicant"),
        ("first", "First Name|Given Name|Forename|First|Fname|Given names"), ("last", "Last Name|Surname|Family Name|Last|Lname|Maiden name|Mother's maiden name"), ("middle", "Middle Name|Middle|MI"),
        ("last_first", "Name|Patient Name|Employee Name|Surname, first name"), ("title", "Title|Salutation|Prefix"), ("job", "Job Title|Position|Occupation|Role|Profession|Designation"),
        ("company", "Company|Employer|Organization|Organisation|Company Name|Vendor|Supplier|Business name|Firm"), ("clinic", "Hospital|Facility|Clinic|Provider"), ("school", "School|University|College|Institution"), ("bank", "Bank|Bank name|Insurer"),
        ("email", "Email|E-mail|Email Address|Contact email|Mail|email id|Work email"), ("phone", "Phone|Tel|Telephone|Mobile|Cell|Phone Number|Contact Number|Fax|Home phone|Work phone|Mobile no.|Tel.|Emergency contact|Ph"),
        ("address", "Address|Mailing Address|Home Address|Street Address|Billing Address|Shipping Address|Residence|Permanent address|Deliver to|Ship to"), ("street", "Street|Address Line 1|Street Address|Addr"), ("city", "City|Town|Place of birth|Birthplace|City of residence|Hometown|Location"),
        ("region", "State|Region|Province|County|State/Province"), ("country", "Country|Nation|Country of birth|Country of residence"), ("zip", "ZIP|Zip Code|Postal Code|Postcode|Post code|PIN code|ZIP/Postal"), ("coordinates", "Coordinates|Lat/Long|GPS|Geo|Location"),
        ("dob", "DOB|Date of Birth|Birth Date|D.O.B.|Born|Birthdate|Birthday|Date of birth (dd/mm/yyyy)"), ("age", "Age|Age (years)|Patient age"), ("date", "Date|Start Date|Hire Date|Admission Date|Date of issue|Issued|Expires|Due date|Joined|Date of visit|Signed on"), ("time", "Time|Appointment time|Check-in|Departure"),
        ("stamp", "Timestamp|Created|Updated|Last login|created_at|Date/Time"), ("nationality", "Nationality|Citizenship"), ("faith", "Religion|Religious affiliation|Faith"), ("party", "Party|Political affiliation|Registered party"), ("people", "Ethnicity|Race|Ethnic group"),
        ("ssn", "SSN|Social Security Number|Social Security No.|SS#|SSN/ITIN|Soc Sec #"), ("nid", "National ID|ID Number|ID No.|Identity card|Citizen ID|ID card number|Government ID|National Insurance No.|Identification number|Social number"), ("tax", "Tax ID|TIN|EIN|VAT No.|VAT Number|Tax number|UTR|Taxpayer ID|PAN"),
        ("passport", "Passport|Passport No.|Passport Number|Passport #|Travel document"), ("license", "Driver's License|Driver License|DL|DL No.|Driving licence|License Number|License #|Licence No."), ("plate", "License Plate|Plate|Vehicle Reg|Registration|Number plate|Reg. No.|Vehicle registration"), ("vin", "VIN|Vehicle Identification Number|Chassis no."),
        ("medical", "MRN|Medical Record Number|Medical Record No.|Health Plan ID|Insurance ID|Member ID|Policy No.|NHS No.|Medicare No.|Patient ID|NPI|DEA|Health insurance number|Beneficiary No."),
        ("card", "Credit Card|Card Number|Card No.|CC|Card|Credit card number|Visa|Mastercard|PAN"), ("cvv", "CVV|CVC|Security code|CVV2"), ("expiry", "Exp|Expiry|Valid thru|Exp. date|Expiration"), ("iban", "IBAN|Account (IBAN)|Bank details|Pay to"),
        ("account", "Account Number|Account No.|Acct|Bank Account|A/C No.|Account|Acct #"), ("sort_code", "Sort Code|Branch code|BSB"), ("routing", "Routing Number|Routing|ABA|Routing No.|RTN"), ("bic", "BIC|SWIFT|SWIFT/BIC|SWIFT code"),
        ("username", "Username|User|Login|User ID|Account|User name|Screen name|uid"), ("handle", "Twitter|Instagram|Handle|Telegram|Social"), ("user_id", "Employee ID|Customer ID|Student ID|Member No.|Customer No.|Staff ID|Client ID|Employee No.|Badge"),
        ("password", "Password|Passwd|Pwd|PW|Pass|Temp password|passphrase"), ("pin", "PIN|Passcode|Access code|OTP|Security PIN"), ("api_key", "API Key|Token|Access token|Secret|api_token|Secret key"), ("ip", "IP|IP Address|Client IP|Source IP|Remote addr|Host"), ("mac", "MAC|MAC Address|Hardware address|Physical Address"), ("imei", "IMEI|Device ID|Device serial"),
        ("url", "Website|URL|Web|Homepage|LinkedIn|Portfolio|Site|Link"), ("crypto", "Wallet|BTC address|Bitcoin|Ethereum|Wallet address|ETH|Crypto wallet"),
    ),
    "de": (
        ("name", "Name|Vor- und Nachname|Kunde|Patient|Ansprechpartner|Kontoinhaber|Empfänger|Antragsteller|Mitarbeiter"), ("first", "Vorname"), ("last", "Nachname|Familienname|Geburtsname|Name"), ("title", "Anrede|Titel"), ("job", "Beruf|Position|Tätigkeit"), ("company", "Firma|Arbeitgeber|Unternehmen|Auftraggeber"),
        ("email", "E-Mail|E-Mail-Adresse|Mail"), ("phone", "Telefon|Tel.|Mobil|Handy|Telefonnummer|Handynummer|Fax"), ("address", "Adresse|Anschrift|Wohnadresse|Lieferadresse|Rechnungsadresse"), ("street", "Straße|Straße und Hausnummer|Str."), ("city", "Ort|Stadt|Wohnort|Geburtsort"), ("region", "Bundesland"), ("country", "Land|Staat"), ("zip", "PLZ|Postleitzahl"),
        ("dob", "Geburtsdatum|geb. am|Geboren am|Geb.-Datum"), ("age", "Alter"), ("date", "Datum|Eintrittsdatum|Ausgestellt am|Gültig bis|Termin|Rechnungsdatum"), ("time", "Uhrzeit|Zeit"), ("nationality", "Staatsangehörigkeit|Nationalität"), ("faith", "Konfession|Religion"), ("nid", "Personalausweisnummer|Ausweisnummer|Ausweis-Nr.|Sozialversicherungsnummer|SV-Nummer|AHV-Nr."), ("tax", "Steuer-ID|Steuernummer|USt-IdNr.|Steueridentifikationsnummer|UID"),
        ("passport", "Reisepassnummer|Reisepass|Passnummer|Pass-Nr."), ("license", "Führerscheinnummer|Führerschein-Nr.|Führerschein"), ("plate", "Kennzeichen|Kfz-Kennzeichen"), ("medical", "Versichertennummer|Krankenversichertennummer|Patienten-ID|KV-Nr.|Fallnummer"), ("card", "Kreditkarte|Kartennummer|Kreditkartennummer"), ("iban", "IBAN|Bankverbindung|Konto"), ("account", "Kontonummer|Kto.-Nr."), ("sort_code", "BLZ|Bankleitzahl"), ("bic", "BIC"),
        ("username", "Benutzername|Nutzername|Login|Benutzer"), ("user_id", "Kundennummer|Personalnummer|Matrikelnummer|Mitgliedsnummer"), ("password", "Passwort|Kennwort"), ("pin", "PIN|TAN"), ("ip", "IP-Adresse|IP"), ("url", "Website|Webseite|Homepage"),
    ),
    "fr": (
        ("name", "Nom|Nom complet|Nom et prénom|Client|Patient|Titulaire|Destinataire|Salarié"), ("first", "Prénom"), ("last", "Nom|Nom de famille|Nom de naissance"), ("title", "Civilité|Titre"), ("job", "Profession|Poste|Fonction"), ("company", "Entreprise|Société|Employeur|Raison sociale"), ("email", "E-mail|Courriel|Adresse e-mail|Mail"), ("phone", "Téléphone|Tél.|Portable|Mobile|Numéro de téléphone"),
        ("address", "Adresse|Adresse postale|Domicile|Adresse de livraison|Adresse de facturation"), ("street", "Rue|Voie"), ("city", "Ville|Commune|Lieu de naissance"), ("region", "Région"), ("country", "Pays"), ("zip", "Code postal|CP"), ("dob", "Date de naissance|Né le|Née le|Né(e) le"), ("age", "Âge"), ("date", "Date|Date d'entrée|Délivré le|Valable jusqu'au|Échéance"), ("time", "Heure"), ("nationality", "Nationalité"), ("faith", "Religion"),
        ("nid", "Numéro de sécurité sociale|N° de sécurité sociale|NIR|Carte d'identité|N° de CNI|Numéro d'identité"), ("tax", "Numéro fiscal|N° fiscal|N° TVA|SIRET|SIREN|Référence fiscale"), ("passport", "Passeport|N° de passeport|Numéro de passeport"), ("license", "Permis de conduire|N° de permis|Numéro de permis"), ("plate", "Immatriculation|Plaque"), ("medical", "N° de dossier|Numéro de patient|N° d'assuré|Numéro d'adhérent|Mutuelle"), ("card", "Carte bancaire|Numéro de carte|CB|Carte de crédit"),
        ("iban", "IBAN|RIB|Coordonnées bancaires"), ("account", "Numéro de compte|N° de compte|Compte"), ("bic", "BIC|Code BIC"), ("username", "Identifiant|Nom d'utilisateur|Login|Pseudo"), ("user_id", "Numéro client|Matricule|N° client|N° étudiant"), ("password", "Mot de passe|MDP"), ("pin", "Code PIN|Code secret"), ("ip", "Adresse IP|IP"), ("url", "Site web|Site|Lien"),
    ),
    "es": (
        ("name", "Nombre|Nombre completo|Nombre y apellidos|Cliente|Paciente|Titular|Destinatario|Empleado"), ("first", "Nombre|Nombre de pila"), ("last", "Apellidos|Apellido|Primer apellido"), ("title", "Tratamiento|Título"), ("job", "Profesión|Cargo|Puesto|Ocupación"), ("company", "Empresa|Compañía|Razón social"), ("email", "Correo electrónico|Email|Correo|E-mail"), ("phone", "Teléfono|Tel.|Móvil|Celular|Número de teléfono"),
        ("address", "Dirección|Domicilio|Dirección de envío|Dirección de facturación"), ("street", "Calle|Calle y número"), ("city", "Ciudad|Localidad|Población|Lugar de nacimiento|Municipio"), ("region", "Provincia|Comunidad autónoma|Estado"), ("country", "País"), ("zip", "Código postal|C.P.|CP"), ("dob", "Fecha de nacimiento|Nacido el|Nacimiento"), ("age", "Edad"), ("date", "Fecha|Fecha de alta|Fecha de emisión|Válido hasta|Vencimiento"), ("time", "Hora"), ("nationality", "Nacionalidad"), ("faith", "Religión"),
        ("nid", "DNI|NIE|DNI/NIE|Documento de identidad|CURP|Cédula|Número de la Seguridad Social|NSS|Nº de identificación"), ("tax", "NIF|CIF|RFC|Número fiscal|Identificación fiscal"), ("passport", "Pasaporte|Nº de pasaporte|Número de pasaporte"), ("license", "Permiso de conducir|Licencia de conducir|Carnet de conducir|Nº de licencia"), ("plate", "Matrícula|Placa"), ("medical", "Historia clínica|Nº de historia|Tarjeta sanitaria|Nº de afiliado|Póliza"), ("card", "Tarjeta|Tarjeta de crédito|Número de tarjeta"),
        ("iban", "IBAN|Cuenta|Cuenta bancaria"), ("account", "Número de cuenta|Nº de cuenta|CLABE"), ("bic", "BIC|SWIFT"), ("username", "Usuario|Nombre de usuario"), ("user_id", "Número de cliente|Nº de empleado|Matrícula de alumno|ID de cliente"), ("password", "Contraseña|Clave"), ("pin", "PIN|Código"), ("ip", "Dirección IP|IP"), ("url", "Página web|Web|Sitio web|Enlace"),
    ),
    "it": (
        ("name", "Nome|Nome e cognome|Nominativo|Cliente|Paziente|Intestatario|Destinatario|Dipendente"), ("first", "Nome"), ("last", "Cognome"), ("title", "Titolo"), ("job", "Professione|Posizione|Mansione|Qualifica"), ("company", "Azienda|Ditta|Società|Datore di lavoro|Ragione sociale"), ("email", "E-mail|Email|Indirizzo e-mail|Posta elettronica|PEC"), ("phone", "Telefono|Tel.|Cellulare|Numero di telefono|Cell."),
        ("address", "Indirizzo|Residenza|Domicilio|Indirizzo di spedizione|Indirizzo di fatturazione"), ("street", "Via|Via e numero civico"), ("city", "Città|Comune|Luogo di nascita|Località"), ("region", "Provincia|Regione"), ("country", "Paese|Stato|Nazione"), ("zip", "CAP|Codice postale"), ("dob", "Data di nascita|Nato il|Nata il|Nato/a il"), ("age", "Età"), ("date", "Data|Data di assunzione|Rilasciato il|Scadenza|Data di emissione"), ("time", "Ora|Orario"), ("nationality", "Nazionalità|Cittadinanza"), ("faith", "Religione"),
        ("nid", "Codice fiscale|C.F.|CF|Carta d'identità|N. documento|Numero carta d'identità"), ("tax", "Partita IVA|P. IVA|P.IVA"), ("passport", "Passaporto|N. passaporto|Numero di passaporto"), ("license", "Patente|Numero patente|N. patente"), ("plate", "Targa"), ("medical", "Tessera sanitaria|N. cartella clinica|Numero paziente|Polizza"), ("card", "Carta di credito|Numero carta|Carta"), ("iban", "IBAN|Coordinate bancarie|Conto"), ("account", "Numero di conto|C/C|Conto corrente"), ("bic", "BIC|SWIFT"),
        ("username", "Nome utente|Utente|Username"), ("user_id", "Codice cliente|Matricola|N. cliente"), ("password", "Password"), ("pin", "PIN|Codice"), ("ip", "Indirizzo IP|IP"), ("url", "Sito web|Sito|Link"),
    ),
    "nl": (
        ("name", "Naam|Volledige naam|Voor- en achternaam|Klant|Patiënt|Rekeninghouder|Ontvanger|Werknemer"), ("first", "Voornaam|Roepnaam"), ("last", "Achternaam|Familienaam|Geboortenaam"), ("title", "Aanhef|Titel"), ("job", "Beroep|Functie"), ("company", "Bedrijf|Werkgever|Bedrijfsnaam|Organisatie"), ("email", "E-mail|E-mailadres|Mail"), ("phone", "Telefoon|Tel.|Mobiel|Telefoonnummer"), ("address", "Adres|Woonadres|Bezorgadres|Factuuradres|Postadres"), ("street", "Straat|Straat en huisnummer"), ("city", "Plaats|Woonplaats|Geboorteplaats|Stad"),
        ("region", "Provincie"), ("country", "Land"), ("zip", "Postcode"), ("dob", "Geboortedatum|Geboren op|Geb. datum"), ("age", "Leeftijd"), ("date", "Datum|Datum in dienst|Afgegeven op|Geldig tot|Vervaldatum"), ("time", "Tijd|Tijdstip"), ("nationality", "Nationaliteit"), ("faith", "Religie|Geloof"), ("nid", "BSN|Burgerservicenummer|ID-kaartnummer|Identiteitsnummer|Rijksregisternummer"), ("tax", "Btw-nummer|Fiscaal nummer|RSIN|KvK-nummer"), ("passport", "Paspoort|Paspoortnummer"), ("license", "Rijbewijs|Rijbewijsnummer"), ("plate", "Kenteken"),
        ("medical", "Patiëntnummer|Polisnummer|Verzekerdennummer|Dossiernummer"), ("card", "Creditcard|Creditcardnummer|Kaartnummer"), ("iban", "IBAN|Rekeningnummer|Bankrekening"), ("account", "Rekening|Rekeningnr."), ("bic", "BIC"), ("username", "Gebruikersnaam|Gebruiker"), ("user_id", "Klantnummer|Personeelsnummer|Studentnummer|Lidnummer"), ("password", "Wachtwoord"), ("pin", "Pincode|PIN"), ("ip", "IP-adres|IP"), ("url", "Website|Link"),
    ),
    "pt": (
        ("name", "Nome|Nome completo|Cliente|Paciente|Titular|Destinatário|Funcionário"), ("first", "Nome|Nome próprio|Primeiro nome"), ("last", "Sobrenome|Apelido"), ("title", "Tratamento|Título"), ("job", "Profissão|Cargo|Função"), ("company", "Empresa|Empregador|Razão social"), ("email", "E-mail|Email|Correio eletrónico"), ("phone", "Telefone|Tel.|Celular|Telemóvel|Número de telefone"), ("address", "Endereço|Morada|Endereço de entrega|Residência"), ("street", "Rua|Logradouro"), ("city", "Cidade|Localidade|Município|Naturalidade|Local de nascimento"), ("region", "Estado|Distrito"), ("country", "País"),
        ("zip", "CEP|Código postal"), ("dob", "Data de nascimento|Nascido em|Nascimento"), ("age", "Idade"), ("date", "Data|Data de admissão|Emitido em|Validade|Vencimento"), ("time", "Hora|Horário"), ("nationality", "Nacionalidade"), ("faith", "Religião"), ("nid", "CPF|RG|Cartão de cidadão|Bilhete de identidade|Documento|NISS"), ("tax", "NIF|CNPJ|Contribuinte|Número fiscal"), ("passport", "Passaporte|Nº do passaporte"), ("license", "CNH|Carta de condução|Carteira de motorista"), ("plate", "Placa|Matrícula"), ("medical", "Nº de utente|Cartão SUS|Prontuário|Nº do paciente|Apólice"),
        ("card", "Cartão de crédito|Número do cartão|Cartão"), ("iban", "IBAN|Dados bancários"), ("account", "Conta|Conta corrente|Nº da conta"), ("username", "Usuário|Utilizador|Nome de usuário"), ("user_id", "Nº de cliente|Matrícula|Código do cliente"), ("password", "Senha|Palavra-passe"), ("pin", "PIN|Código"), ("ip", "Endereço IP|IP"), ("url", "Site|Página|Link"),
    ),
}  # fmt: skip
NEUTRAL_FIELDS = (
    ("order", "Order|Order No.|Ticket|Reference|Ref|Invoice|Case|Request ID|Tracking|Transaction ID"), ("price", "Amount|Total|Price|Balance|Salary|Subtotal|Fee"), ("number", "Quantity|Qty|Count|Score|Rows|Retries|Visits"), ("product", "Item|Product|Model|Device"), ("version", "Version|Build|App version"),
    ("measure", "Weight|Duration|Size|Height|Latency|Heart rate"), ("uuid", "id|trace_id|Session|Request|UUID"), ("digest", "Hash|Commit|Checksum|sha"), ("sku", "SKU|Part No.|Article"), ("file", "File|Attachment|Path"), ("port", "Port"), ("percent", "Discount|Rate|Progress|CPU"),
)  # fmt: skip
NEUTRAL_WORDS = (
    ("status", "active|pending|closed|ok|failed|open|paid|draft|shipped|cancelled|true|false|null|N/A|none|unknown"), ("gender", "male|female|M|F|other|n/a"), ("priority", "high|low|medium|P1|urgent"), ("type", "standard|premium|personal|business|new|returning|checking|savings"), ("department", "Sales|Finance|Radiology|HR|Engineering|Support|Legal|Marketing|Cardiology"),
    ("currency", "USD|EUR|GBP|CHF"), ("language", "en|de|fr|es"), ("level", "INFO|WARN|ERROR|DEBUG"), ("method", "GET|POST|credit card|bank transfer|cash|email|phone"), ("subscribed", "yes|no|true|false"), ("plan", "free|pro|basic|enterprise|gold"), ("subject", "complaint|question|refund|late delivery|follow-up|renewal"), ("blood type", "A+|O-|B+|AB+"), ("marital status", "single|married|divorced|widowed"),
)  # fmt: skip

Pair = tuple[str, Part]


def _snake(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_") or "field"


def _keyed(scene: Scene, label: str) -> str:
    """Spell a label as programs do."""
    snake = _snake(label)
    camel = re.sub(r"_(\w)", lambda match: match[1].upper(), snake)
    return scene.one((snake, snake, camel, snake.replace("_", ""), snake.replace("_", "-"), snake.upper(), camel[:1].upper() + camel[1:]))


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
        picked.insert(at, (slot if (slot, labels) in NEUTRAL_FIELDS else f"={labels}", scene.one(labels.split("|")) if (slot, labels) in NEUTRAL_FIELDS else slot))
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
    mark = scene.one((": ", ": ", ": ", ":", " : ", " - ", " = ", ":\t", ":   ", "\t", ":\n", "; ", " ", " | ", "?: ", "→ "))
    gap = scene.one(("\n", "\n", "\n", "\n", ", ", "; ", " | ", " ", "\n\n", " / ", " • "))
    bullet = scene.one(("", "", "", "", "- ", "* ", "• ", "> ", "1. ", "\t", "- **", "<b>", "[ ] ", "#")) if "\n" in gap else ""
    close = {"- **": "**", "<b>": "</b>"}.get(bullet, "")
    lower = scene.chance(0.2)
    parts: list[Part] = []
    for index, (label, value) in enumerate(pairs):
        lead = f"{index + 1}. " if bullet == "1. " else bullet
        text = label.lower() if lower else label
        parts += [Part(f"{gap if index else ''}{lead}{text}{close}{mark}"), value if "\n" in gap else _one_line(value)]
    return parts


def as_json(scene: Scene, pairs: Sequence[Pair]) -> list[Part]:
    """Return the fields as a JSON object, sometimes with one more around it."""
    indent = scene.one((", ", ",\n  ", ",\n    ", ","))
    colon = scene.one((": ", ": ", ":"))
    quote = scene.one(('"', '"', '"', '"', "'"))
    opening = scene.one(("{", "{", "{", f'{{{quote}user{quote}: {{', f'{{{quote}data{quote}:{{', "[{", f'{{{quote}arguments{quote}: {{', "payload = {"))
    parts = [Part(opening + (indent[1:] if indent.startswith(",\n") else ""))]
    for index, (label, value) in enumerate(pairs):
        safe = json.dumps(value.text, ensure_ascii=False)[1:-1] if quote == '"' else value.text.replace("'", "").replace("\n", ", ")
        bare = value.text.isdigit() and len(value.text) < 12 and scene.chance(0.3)
        wrap = "" if bare else quote
        parts += [Part(f"{indent if index else ''}{quote}{_keyed(scene, label)}{quote}{colon}{wrap}"), Part(safe, value.entity), Part(wrap)]
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
        parts += [Part(f"{chr(10) if index else ''}{lead if index or lead != '- ' else '- '}{key}{mark}"), _one_line(value), Part('"' if mark.endswith('"') else "")]
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
        before, after = {"elements": (f"<{key}>", f"</{key}>"), "cells": (f"<tr><td>{label}</td><td>", "</td></tr>"), "paragraphs": (f"<p>{label}: ", "</p>"), "definition": (f"<li><strong>{label}:</strong> ", "</li>")}[kind]
        parts += [Part(before), value, Part(after + gap)]
    return [*parts, Part(f"</{root}>" if kind == "elements" else "</table>" if kind == "cells" else "")]


def as_query(scene: Scene, pairs: Sequence[Pair]) -> list[Part]:
    """Return the fields in a query: to insert, update or find a row, or behind a link."""
    table = scene.word("users customers patients employees accounts contacts orders members leads people")
    kind = scene.one(("insert", "insert", "update", "where", "link", "call"))
    if kind == "link":
        parts = [Part(f"{scene.word('GET POST')} /{scene.word('api/v1/users search submit signup profile checkout')}?")]
        for index, (label, value) in enumerate(pairs):
            parts += [Part(f"{'&' if index else ''}{_keyed(scene, label)}="), Part(re.sub(r"\s+", scene.one(("+", "%20", "+")), value.text), value.entity)]
        return parts
    if kind == "call":
        parts = [Part(f"{scene.word('create_user update_record send_mail register lookup User( Customer( client.post').rstrip('(')}(")]
        for index, (label, value) in enumerate(pairs):
            parts += [Part(f"{', ' if index else ''}{_snake(label)}=\""), _one_line(value), Part('"')]
        return [*parts, Part(")")]
    quoted = [(_snake(label), _one_line(Part(value.text.replace("'", ""), value.entity))) for label, value in pairs]
    if kind == "insert":
        parts = [Part(f"INSERT INTO {table} ({', '.join(key for key, _ in quoted)}) VALUES (")]
        for index, (_, value) in enumerate(quoted):
            parts += [Part(f"{', ' if index else ''}'"), value, Part("'")]
        return [*parts, Part(scene.one((");", ")")))]
    parts = [Part(f"UPDATE {table} SET " if kind == "update" else f"SELECT * FROM {table} WHERE ")]
    for index, (key, value) in enumerate(quoted):
        last = index == len(quoted) - 1
        joint = "" if not index else (" WHERE " if last else ", ") if kind == "update" else scene.one((" AND ", " AND ", " OR "))
        parts += [Part(f"{joint}{key} = '"), value, Part("'")]
    return [*parts, Part(scene.one((";", "")))]


def as_table(scene: Scene, pairs: Sequence[Pair]) -> list[Part]:
    """Return the fields as a table with a head: comma separated, by tabs, or Markdown; the second row is another person."""
    gap = scene.one((",", ",", ", ", ";", "\t", "|", " | "))
    head = scene.chance(0.75)
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
    level, module = scene.word("INFO WARN ERROR DEBUG info warning"), scene.word("auth api billing web worker db mailer gateway sshd nginx app.login payments")
    word = scene.one(("login", "user created", "request handled", "payment failed", "profile updated", "password reset", "webhook received", "session start", "lookup", "export done", "sign-up", "validation error"))
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
    for slot in (
        "person name last_first address street mixed_address email phone card iban date stamp dob org company city_region url ip mac "
        "crypto ssn nino codice cpf coordinates spoken_email plate"
    ).split()
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
