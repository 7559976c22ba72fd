"""Nationalities, faiths and parties."""

from types import MappingProxyType

from guardrails.training.pii.scene import Scene

NATIONS = MappingProxyType(
    {
        "de": "deutsche deutscher Deutscher Deutsche französische spanischer italienische türkische polnischer österreichische Schweizer amerikanische britische griechische syrischer ukrainische russische chinesische Spanier Italiener Türkin Pole Amerikaner Österreicherin",
        "fr": "français française allemand allemande espagnol italienne marocain algérienne tunisien belge suisse portugais polonaise américain britannique canadienne chinois japonaise turc sénégalais vietnamienne",
        "es": "español española mexicano argentina colombiano peruana francés francesa alemán italiana portugués marroquí chileno venezolana rumano inglesa estadounidense chino cubana ecuatoriano",
        "it": "italiano italiana francese tedesco tedesca spagnolo inglese rumena albanese marocchino cinese polacca ucraina svizzero americano brasiliana filippina egiziano",
        "nl": "Nederlandse Nederlander Belgische Duitse Franse Turkse Marokkaanse Poolse Surinaamse Engelse Spaanse Italiaanse Amerikaanse Chinese Syrische Oekraïense",
        "pt": "brasileiro brasileira português portuguesa angolano espanhol francesa italiano alemã inglês americano argentina moçambicana chinês japonesa cabo-verdiano ucraniana",
    }
)
FAITHS = MappingProxyType(
    {
        "en": "Christian Catholic Muslim Jewish Hindu Buddhist Sikh Protestant Baptist Mormon atheist Lutheran Methodist Anglican Evangelical Orthodox Quaker Jain Sunni Shia Pentecostal Presbyterian agnostic Christianity Islam Judaism Hinduism Buddhism Catholicism Sikhism Jehovah's_Witness",
        "de": "katholisch evangelisch muslimisch jüdisch orthodox buddhistisch konfessionslos hinduistisch atheistisch",
        "fr": "catholique musulman protestante juive bouddhiste athée orthodoxe hindoue chrétien",
        "es": "católico católica musulmán judía budista evangélico atea protestante ortodoxo cristiano",
        "it": "cattolico cattolica musulmana ebreo buddista ateo protestante ortodossa induista",
        "nl": "katholiek islamitisch joods protestants boeddhistisch gereformeerd atheïst hindoeïstisch moslim",
        "pt": "católico católica evangélica muçulmano judia budista espírita ateu protestante cristã",
    }
)
PARTIES = MappingProxyType(
    {
        "en": "Democrat Republican Labour Conservative Liberal_Democrat Green_Party Libertarian Tory Democratic_Party Republican_Party Labour_Party Socialist Communist Democrats Republicans Conservatives SNP Sinn_Féin BJP Congress_Party ANC Marxist",
        "de": "CDU SPD FDP AfD CSU Grünen Linken Bündnis_90/Die_Grünen ÖVP SPÖ SVP BSW",
        "fr": "Parti_socialiste Renaissance Rassemblement_national Les_Républicains France_insoumise EELV MoDem PS LR RN",
        "es": "PSOE PP Vox Sumar Podemos Ciudadanos PRI MORENA PAN Esquerra_Republicana",
        "it": "Partito_Democratico Lega Fratelli_d'Italia Forza_Italia Movimento_5_Stelle PD M5S",
        "nl": "VVD PvdA D66 CDA PVV GroenLinks SP ChristenUnie NSC BBB Forum_voor_Democratie",
        "pt": "PT PSDB PL MDB PSOL Bloco_de_Esquerda PS PSD Chega Partido_Comunista",
    }
)
PEOPLES = [
    "Hispanic", "Latino", "Latina", "African-American", "Asian", "Caucasian", "Kurdish", "Roma", "Basque",
    "Catalan", "Navajo", "Cherokee", "Maori", "Inuit", "Arab", "Persian", "Tamil", "Sikh", "Punjabi",
    "Yoruba", "Igbo", "Zulu", "Han_Chinese", "Native_American", "Black", "White", "Pacific_Islander",
    "Afro-Caribbean", "Scottish", "Welsh", "Bavarian", "Texan", "Californian", "Londoner", "Parisian",
    "European",
]  # fmt: skip


def nationality(scene: Scene) -> str:
    """Return a nationality as an adjective, as in ``a French cook``."""
    if scene.language == "en":
        if scene.chance(0.25):
            return scene.word(
                "American British German French Italian Spanish Indian Chinese Mexican Canadian Irish Dutch Japanese Brazilian Russian Turkish Swedish Polish Korean Nigerian Portuguese Greek"
            )
        return scene.one(scene.world.nationalities)[0]
    return scene.word(NATIONS[scene.language])


def nationals(scene: Scene) -> str:
    """Return the people of a nation, as in ``two Germans``."""
    if scene.language == "en":
        return scene.one(scene.world.nationalities)[1]
    return scene.word(NATIONS[scene.language])


def faith(scene: Scene) -> str:
    """Return a religion, or one who has it."""
    return scene.word(FAITHS[scene.language]).replace("_", " ")


def party(scene: Scene) -> str:
    """Return a political party or its follower."""
    return scene.word(PARTIES[scene.language]).replace("_", " ")


def people_of(scene: Scene) -> str:
    """Return an ethnic group or the people of a region."""
    return scene.one(PEOPLES).replace("_", " ")


def any_group(scene: Scene) -> str:
    """Return a nationality, a religion or a party."""
    luck = scene.rng.random()
    if luck < 0.6:
        return nationality(scene)
    if luck < 0.8:
        return faith(scene)
    return party(scene) if luck < 0.93 or scene.language != "en" else people_of(scene)
