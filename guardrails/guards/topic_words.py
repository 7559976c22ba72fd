"""Words by which a topic is recognised, by language, and how a word may end there."""

from collections.abc import Iterator, Mapping

ENDINGS: Mapping[str, tuple[str, ...]] = {
    "en": ("", "s", "es", "ed", "d", "ing", "er", "ers"),
    "de": ("", "e", "n", "en", "er", "ern", "em", "es", "s"),
    "fr": ("", "s", "e", "es", "x"),
    "es": ("", "s", "es"),
    "it": ("",),
    "nl": ("", "s", "en", "e"),
    "pt": ("", "s", "es"),
}
"""A name of a company may end as an English or a German word does."""
OF_NAMES = ("", "s", "es", "n", "er", "ers")

TOPICS: Mapping[str, Mapping[str, str]] = {
    "weapons": {
        "en": "gun,rifle,pistol,firearm,handgun,shotgun,ammunition,ammo,grenade,explosive,bomb,machine gun,silencer,landmine,missile,nerve agent,detonator,molotov",
        "de": "schusswaffe,gewehr,pistole,munition,granate,sprengstoff,bombe,zünder,handfeuerwaffe",
        "fr": "arme à feu,fusil,pistolet,munition,explosif,bombe,détonateur",
        "es": "arma de fuego,fusil,pistola,munición,municiones,granada,explosivo,bomba,detonador",
        "it": "arma da fuoco,armi da fuoco,fucile,fucili,pistola,pistole,munizioni,granata,esplosivo,esplosivi,bomba,bombe",
        "nl": "vuurwapen,geweer,pistool,munitie,granaat,explosief,explosieven,springstof",
        "pt": "arma de fogo,espingarda,pistola,munição,munições,granada,explosivo,bomba",
    },
    "drugs": {
        "en": "cocaine,heroin,methamphetamine,crystal meth,fentanyl,lsd,mdma,ecstasy,ketamine,opioid,marijuana,cannabis,drug dealer,magic mushroom,crack cocaine,narcotic",
        "de": "kokain,heroin,drogen,rauschgift,droge,drogendealer,haschisch",
        "fr": "cocaïne,héroïne,drogue,stupéfiant,cannabis,haschich",
        "es": "cocaína,heroína,droga,narcótico,marihuana,metanfetamina",
        "it": "cocaina,eroina,droga,droghe,stupefacenti,marijuana",
        "nl": "cocaïne,heroïne,drugs,drugsdealer,hasj",
        "pt": "cocaína,heroína,droga,narcótico,maconha,metanfetamina",
    },
    "gambling": {
        "en": "casino,gambling,gamble,poker,roulette,slot machine,sports betting,bookmaker,blackjack,jackpot,betting odds",
        "de": "glücksspiel,spielbank,sportwette,wettbüro,buchmacher,spielautomat",
        "fr": "jeux d'argent,jeu d'argent,pari sportif,paris sportifs,machine à sous,casino",
        "es": "juegos de azar,apuesta,apuestas deportivas,tragaperras,casino",
        "it": "gioco d'azzardo,scommessa,scommesse,slot machine,casinò",
        "nl": "gokken,kansspel,gokkast,sportweddenschap,casino",
        "pt": "jogos de azar,aposta,apostas esportivas,caça-níqueis,cassino",
    },
    "adult": {
        "en": "porn,pornography,pornographic,nude,nudes,sex video,erotic,erotica,nsfw,escort service,prostitute,stripper,onlyfans,hentai,sexting,blowjob,orgy",
        "de": "porno,pornografie,pornographie,nacktbild,erotik,prostituierte,nutte,sexvideo",
        "fr": "porno,pornographie,érotique,prostituée,film x",
        "es": "porno,pornografía,erótico,erótica,prostituta,desnudo",
        "it": "porno,pornografia,erotico,erotica,prostituta,prostitute",
        "nl": "porno,pornografie,erotiek,prostituee,naaktfoto",
        "pt": "pornô,pornografia,erótico,erótica,prostituta",
    },
    "self_harm": {
        "en": "suicide,suicidal,kill myself,end my life,self harm,self-harm,cut myself,cutting myself,want to die,overdose on",
        "de": "selbstmord,suizid,selbstverletzung,mich umbringen,nicht mehr leben",
        "fr": "suicide,suicider,me tuer,automutilation,envie de mourir",
        "es": "suicidio,suicidarme,matarme,autolesión,quiero morir",
        "it": "suicidio,suicidarmi,uccidermi,autolesionismo,voglio morire",
        "nl": "zelfmoord,zelfdoding,zelfbeschadiging,wil dood",
        "pt": "suicídio,suicidar,me matar,automutilação,quero morrer",
    },
    "politics": {
        "en": "election,senator,congressman,parliament,prime minister,democrat,republican,political party,ballot,left-wing,right-wing,referendum,campaign rally",
        "de": "bundestagswahl,wahlkampf,bundeskanzler,bundestag,politische partei,abgeordnete,referendum,landtagswahl",
        "fr": "élection,assemblée nationale,parti politique,premier ministre,sénateur,référendum",
        "es": "elecciones,partido político,presidente del gobierno,senador,parlamento,referéndum",
        "it": "elezioni,partito politico,presidente del consiglio,senatore,parlamento,referendum",
        "nl": "verkiezingen,politieke partij,minister-president,tweede kamer,referendum",
        "pt": "eleições,eleição,partido político,senador,primeiro-ministro,parlamento,referendo",
    },
    "religion": {
        "en": "jesus,allah,bible,quran,koran,torah,church,mosque,synagogue,christianity,islam,judaism,hinduism,buddhism,gospel,prophet muhammad",
        "de": "bibel,koran,kirche,moschee,synagoge,christentum,judentum,islam",
        "fr": "bible,coran,église,mosquée,synagogue,christianisme,judaïsme,islam",
        "es": "biblia,corán,iglesia,mezquita,sinagoga,cristianismo,judaísmo,islam",
        "it": "bibbia,corano,chiesa,moschea,sinagoga,cristianesimo,ebraismo,islam",
        "nl": "bijbel,koran,kerk,moskee,synagoge,christendom,jodendom,islam",
        "pt": "bíblia,alcorão,igreja,mesquita,sinagoga,cristianismo,judaísmo,islã",
    },
    "medical_advice": {
        "en": "diagnosis,diagnose,prescription,dosage,medication,antibiotic,symptom,side effect,chemotherapy,vaccine,treatment plan,blood pressure",
        "de": "diagnose,rezeptpflichtig,dosierung,medikament,antibiotikum,antibiotika,symptom,nebenwirkung,impfung,blutdruck",
        "fr": "diagnostic,ordonnance médicale,posologie,médicament,antibiotique,symptôme,effet secondaire,vaccin",
        "es": "diagnóstico,receta médica,dosis,medicamento,antibiótico,síntoma,efecto secundario,vacuna",
        "it": "diagnosi,ricetta medica,dosaggio,farmaco,farmaci,antibiotico,antibiotici,sintomo,sintomi,effetto collaterale,vaccino",
        "nl": "diagnose,dosering,medicijn,antibioticum,antibiotica,symptoom,bijwerking,vaccin,bloeddruk",
        "pt": "diagnóstico,receita médica,dosagem,medicamento,antibiótico,sintoma,efeito colateral,vacina",
    },
    "legal_advice": {
        "en": "lawsuit,attorney,legal advice,litigation,plaintiff,defendant,custody battle,power of attorney,restraining order,statute of limitations",
        "de": "rechtsanwalt,rechtsberatung,klage einreichen,verklagen,sorgerecht,kläger,verjährung,schadenersatz",
        "fr": "avocat,conseil juridique,procès,plaignant,tribunal,porter plainte",
        "es": "abogado,asesoría legal,demanda judicial,demandante,querella,custodia",
        "it": "avvocato,avvocati,consulenza legale,causa legale,querela,tribunale",
        "nl": "advocaat,juridisch advies,rechtszaak,aanklagen,voogdij",
        "pt": "advogado,aconselhamento jurídico,ação judicial,processo judicial,querelante",
    },
    "financial_advice": {
        "en": "invest in,stock tip,buy stocks,cryptocurrency,bitcoin,ethereum,day trading,forex,hedge fund,dividend,portfolio allocation,short selling,penny stock,altcoin",
        "de": "aktientipp,aktien kaufen,kryptowährung,geldanlage,anlageberatung,rendite,dividende",
        "fr": "conseil financier,acheter des actions,cryptomonnaie,placement financier,dividende",
        "es": "asesoría financiera,comprar acciones,criptomoneda,dividendo,inversión",
        "it": "consulenza finanziaria,comprare azioni,criptovaluta,criptovalute,dividendi,investimenti",
        "nl": "beleggingsadvies,aandelen kopen,cryptovaluta,dividend,belegging",
        "pt": "consultoria financeira,comprar ações,criptomoeda,dividendo,investimento",
    },
}  # fmt: skip


def words_of(topic: str) -> Iterator[str]:
    """Yield every word of a topic in every form it may take."""
    for language, listed in TOPICS[topic].items():
        for word in listed.split(","):
            yield from forms(word, ENDINGS[language])


def forms(word: str, endings: tuple[str, ...]) -> Iterator[str]:
    """Yield a word with each of some endings, spelled as English does where it ends in y or e."""
    for ending in endings:
        yield word + ending
        if word.endswith("e") and ending in ("ing", "ed", "er", "ers"):
            yield word[:-1] + ending
        if word.endswith("y") and ending in ("es", "ed", "er"):
            yield f"{word[:-1]}i{ending}"
