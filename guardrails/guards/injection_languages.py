"""The phrases of prompt injection in German, French, Spanish, Italian, Dutch and Portuguese, and with English all of them."""

import re

from guardrails.guards.injection_rules import ENGLISH, Rule

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")

_OTHER_DROP = {
    "de": (r"ignorier\w*|vergiss\w*|vergesse?n?|missachte\w*|beachte\w* nicht|ubergeh\w*|umgeh\w*|verwirf|verwerfe\w*|befolge\w* (?:nicht|keine)", r"anweisung\w*|befehl\w*|regel\w*|vorgabe\w*|richtlinie\w*|instruktion\w*|einschrankung\w*|aufforderung\w*|prompts?|(?:vorherig\w*|bisherig\w*|obig\w*|fruher\w*) \w+"),
    "fr": (r"ignore[rz]?|ignorant|oublie[rzs]?|neglige[rz]?|contourne[rz]?|ne (?:\w+ )?(?:tien\w*|ten\w*) (?:pas|aucun) (?:compte)?|fai\w+ abstraction|desobei\w*", r"instructions?|consignes?|regles?|directives?|ordres?|invites?|restrictions?|prompts?|messages? precedents?|tout ce qui precede"),
    "es": (r"ignora\w*|ignore\w*|olvida\w*|olvide\w*|omit[ea]\w*|no (?:hagas caso|sigas|obedezcas)|descarta\w*|desestima\w*|pas[ae] por alto", r"instruccion\w*|ordenes|reglas?|indicacion\w*|directric\w*|directivas?|restriccion\w*|prompts?|mensajes? (?:anterior\w*|previo\w*)|todo lo anterior"),
    "it": (r"ignora\w*|dimentica\w*|trascura\w*|tralascia\w*|scorda\w*|non (?:segui\w*|considera\w*|tenere conto)|disobbedi\w*", r"istruzion\w*|regol[ae]|comand\w*|direttiv\w*|ordini|indicazion\w*|restrizion\w*|prompts?|messaggi\w* precedent\w*|tutto cio che"),
    "nl": (r"negeer\w*|negeren|vergeet|vergeten|omzeil\w*|let niet op|volg \w* ?(?:niet|geen)|sla", r"instructie\w*|opdracht\w*|regels?|aanwijzing\w*|richtlijn\w*|beperking\w*|bevel\w*|prompts?|(?:vorige|eerdere|bovenstaande|voorgaande) \w+"),
    "pt": (r"ignor[ea]\w*|esquec[ae]\w*|desconsider\w*|desprez\w*|nao (?:siga\w*|obedeca\w*)|descart[ea]\w*", r"instruc\w*|regras?|ordens|comandos?|diretrizes|restric\w*|prompts?|mensage\w* anterior\w*|tudo (?:o que|acima)"),
}  # fmt: skip
_OTHER_SHOW = {
    "de": (r"zeig\w*|verrat\w*|nenn\w*|wiederhol\w*|gib\w*|sag\w*|druck\w*|wie lautet\w*|was (?:ist|sind|war\w*)|welche", r"system ?prompts?|system ?anweisung\w*|(?:deine\w*|ihre\w*|ursprunglich\w*|geheim\w*|versteckt\w*|anfang\w*) (?:\w+ )?(?:anweisung\w*|prompts?|regeln|instruktion\w*|vorgaben|schlussel|code|passwort)|geheimnis"),
    "fr": (r"montre\w*|revele\w*|repete\w*|affiche\w*|donne\w*|dis|dites|ecri[st]\w*|quel\w* (?:est|sont|etai\w+)|imprime\w*", r"(?:prompt|invite|message) (?:du |de )?systeme|(?:tes|vos|les) (?:\w+ )?instructions? ?(?:initiales?|secretes?|cachees?|systeme|d origine)?|(?:cle|mot de passe|code|mot) secr\w+|prompt (?:initial|systeme|cache)|ton secret"),
    "es": (r"muestra\w*|muestre\w*|revela\w*|repit\w*|repet\w*|imprim\w*|di(?:me|ga)?|dame|escrib\w*|cual\w* (?:es|son|era\w*)", r"(?:prompt|mensaje|indicacion\w*|instruccion\w*) (?:del? )?(?:sistema|inicial\w*|original\w*|oculta\w*|secreta\w*)|(?:tus|sus) (?:\w+ )?instruccion\w*|(?:clave|contrasena|palabra|codigo) secret\w+|tu secreto"),
    "it": (r"mostra\w*|rivela\w*|ripet\w*|stampa\w*|dimmi|dammi|scriv\w*|qual\w* (?:e|sono|era\w*)", r"(?:prompt|messaggio|istruzion\w*) (?:di |del )?(?:sistema|inizial\w*|original\w*|nascost\w*|segret\w*)|(?:tue|vostre) (?:\w+ )?istruzion\w*|(?:chiave|password|parola|codice) segret\w+|tuo segreto"),
    "nl": (r"toon\w*|laat~zien|onthul\w*|herhaal\w*|geef\w*|zeg\w*|print\w*|schrijf\w*|wat (?:is|zijn|was|waren)", r"systeem ?(?:prompts?|instructie\w*|bericht\w*)|(?:jouw|je|uw|oorspronkelijke|geheime|verborgen) (?:\w+ )?(?:instructie\w*|prompts?|regels|sleutel|code|wachtwoord)|geheim"),
    "pt": (r"mostr[ea]\w*|revel[ea]\w*|repit\w*|repet\w*|imprim\w*|diga\w*|me de|escrev\w*|qual (?:e|era)|quais (?:sao|eram)", r"(?:prompt|mensagem|instruc\w*) (?:do |de )?(?:sistema|inicia\w*|origina\w*|ocult\w*|secret\w*)|(?:suas|tuas) (?:\w+ )?instruc\w*|(?:chave|senha|palavra|codigo) secret\w+|seu segredo"),
}  # fmt: skip
_SECRETS = "prompt system sistem passw clave chiave sleutel chave istruz regels geheim secr segr instr istruz anweisung invite deine ihre regeln original"

_ORDERS = (
    "anweisung befehl regel vorgabe richtlini instruktion instruc einschrank prompt aufforder consigne regle directive "
    "ordre restric precede invite ordenes indica directric directiva direttiv istruz comand ordini messag mensaje regol "
    "regla opdracht aanwijz richtlijn beperk bevel vorige eerdere bovenstaande voorgaande regra ordens diretrizes "
    "mensage restriz tudo todo tutto vorher bisher obig fruher"
)


def _beginnings(alternatives: str) -> str:
    """Return the letters each alternative begins with."""
    return " ".join(re.findall(r"(?:^|\|)([a-z]+)", re.sub(r"\(\?:[^()]*\)", "", alternatives)))


OTHER_LANGUAGES = (
    *(
        Rule(
            "INSTRUCTION_OVERRIDE",
            0.65,
            rf"\b(?:{drop})\b[^.!?\n]{{1,40}}?\b(?:{what})\b",
            needs=(_beginnings(drop), _ORDERS),
        )
        for drop, what in _OTHER_DROP.values()
    ),
    *(
        Rule("PROMPT_EXTRACTION", 0.5, rf"\b(?:{show})\b~\b(?:{what})\b", needs=(_beginnings(show), _SECRETS))
        for show, what in _OTHER_SHOW.values()
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.35,
        r"\b(?:du bist (?:jetzt|nun|ab sofort)|ab (?:jetzt|sofort) (?:bist|wirst|sollst|antwort\w*)|tu es (?:maintenant|desormais)|a partir de maintenant,? (?:tu|vous)|desormais,? (?:tu|vous)|ahora eres|a partir de ahora,? \w+|ora sei|d ?a? ?ora in poi|je bent nu|vanaf nu (?:ben|zul|moet)|agora voce e|a partir de agora,? \w+)\b",
        needs=("jetzt sofort nun maintenant desormais ahora ora bent vanaf agora",),
    ),
    Rule(
        "SAFETY_BYPASS",
        0.4,
        r"\b(?:ohne|keine|sans|aucune?|sin|ningun\w*|senza|nessun\w*|zonder|geen|sem|nenhum\w*) (?:\w+ ){0,2}?(?:einschrankung\w*|beschrankung\w*|zensur|moral\w*|ethi\w*|restric\w*|filtr\w*|censur\w*|limit\w*|restrizion\w*|beperking\w*|censuur|regeln|regles|reglas|regole|regels|regras)\b",
        needs=(
            "einschrank beschrank zensur moral ethi restric filtr censur censuur limit restriz beperking regeln regles reglas regole regels regras",
        ),
    ),
)

RULES: tuple[Rule, ...] = (*ENGLISH, *OTHER_LANGUAGES)
