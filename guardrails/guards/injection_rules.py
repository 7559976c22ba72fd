"""What is said by those who want a model to forget its task: phrases, how much each one weighs, and what it stands for.

In a phrase a space stands for anything between two words, `~` for up to forty characters, and letters bear no accents.
A rule weighs what a text with nothing else suspicious in it would be given: 0.5 and above is a finding by itself.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of phrase."""

    entity: str
    weight: float
    phrase: str
    needs: tuple[str, ...] = ()
    """From each of these lists at least one is part of every text with the phrase: cheaper to look for than the phrase."""

    @property
    def regex(self) -> str:
        """The phrase as a regular expression over normalised text."""
        return self.phrase.replace(" ", "[^0-9a-z]{1,4}").replace("~", r"(?s:.{0,40}?)")


_WHAT = (
    r"(?:instruct\w*|prompts?|directions?|directives?|commands?|rules?|guidelines?|guidance|orders?|constraints?|restrictions?"
    r"|programming|training|polic(?:y|ies)|safeguards?|protocols?|limitations?|filters?"
    r"|(?:previous|prior|above|earlier|preceding|former|past|initial|system) ~?(?:messages?|text|context|conversations?|content|tasks?|inputs?|requests?|sentences?|paragraphs?|statements?))"
)
_WHOSE = r"(?:all|any|every(?:thing)?|each|the|your|my|our|previous\w*|prior|above|earlier|preceding|initial|original|former|past|existing|system|these|those|other|what(?:ever)?)"
_DROP = r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|neglect|bypass(?:ing)?|overrid(?:e|ing)|overlook|discard|abandon|(?:do not|don t|dont|never|stop|no longer|not) (?:follow|obey|heed|adher\w+|comply|listen)\w*|pay no attention)"

_DROPPING = "ignor disregard forget neglect bypass overrid overlook discard abandon follow obey heed adher comply listen pay"
_LIMITING = "restrict filter censor limit moral ethic guideline rule polic safeguard boundar warning disclaimer principle constraint safety judgment regulation norms"

OVERRIDE = (
    Rule(
        "INSTRUCTION_OVERRIDE",
        0.65,
        rf"\b{_DROP} (?:all |the |this |that |everything in )*(?:above|web ?page|page|website|resume|cv|document|article|paper|text|table|code|function|e ?mail|message|question|data|content|context|story|review|input|query|user)\b~\b(?:and|but|instead|just|then)\b~\b(?:state|say|output|print|tell|respond|answer|reply|write|return|give|do|translate|show|only|execute|mention|recommend)\b",
        needs=(
            _DROPPING,
            "state say output print tell respond answer reply write return give do translate show only execute mention recommend",
        ),
    ),
    Rule(
        "INSTRUCTION_OVERRIDE",
        0.65,
        rf"\b{_DROP} (?:what|everything|anything|all)(?: that)? (?:\w+ ){{0,3}}?(?:told|said|asked|instructed|learned|taught|given|know)\b",
        needs=(_DROPPING, "told said asked instruct learned taught given know"),
    ),
    Rule(
        "INSTRUCTION_OVERRIDE",
        0.7,
        rf"\b{_DROP}\b(?s:.{{1,25}}?)\b{_WHOSE} ~?\b{_WHAT}\b",
        needs=(_DROPPING,),
    ),
    Rule(
        "INSTRUCTION_OVERRIDE",
        0.65,
        rf"\b{_DROP} ~?(?:everything|anything|all|whatever|what)\b~(?:above|before|previously|prior|earlier|so far|told|said|learned|taught|know)\b",
        needs=(_DROPPING,),
    ),
    Rule(
        "INSTRUCTION_OVERRIDE",
        0.5,
        r"\b(?:your|the|these|here are(?: the)?|following) (?:new|real|actual|true|only|updated) (?:(?:system|primary|main|sole) )?(?:task|instructions?|role|goal|purpose|objective|directives?|rules|prompt|identity)\b",
        needs=(
            "new real actual true only updated",
            "task instruct role goal purpose objective directive rules prompt identity",
        ),
    ),
    Rule(
        "INSTRUCTION_OVERRIDE",
        0.45,
        r"\b(?:new|updated|important|urgent|admin\w*|developer|override|special) (?:system )?(?:instructions?|directives?|orders?|override|prompt)(?: (?:is|are|follow|from)\b|\s?:)",
        needs=(
            "new updated important urgent admin developer override special",
            "instruct directive order override prompt",
        ),
    ),
    Rule(
        "INSTRUCTION_OVERRIDE",
        0.4,
        r"\bend of (?:the )?(?:system |user |previous |above )?(?:prompt|instructions?|context|document|message|input|text|query)\b",
        needs=(
            "end",
            "prompt instruct context document message input text query",
        ),
    ),
    Rule(
        "INSTRUCTION_OVERRIDE",
        0.3,
        r"\b(?:from now on|from this point (?:on|forward)|starting now|henceforth|moving forward),? (?:you|act|your|respond|answer|reply|we|every|all|i want you|speak|pretend|always|only)\b",
        needs=("now henceforth point forward",),
    ),
    Rule(
        "INSTRUCTION_OVERRIDE",
        0.3,
        r"\b(?:reset|restart|clear|erase|wipe) (?:your(?:self)?|all|the|previous) ?~?(?:memory|context|conversation|instructions?|chat|session)\b",
        needs=(
            "reset restart clear erase wipe",
            "memory context conversation instruct chat session",
        ),
    ),
    Rule(
        "INSTRUCTION_OVERRIDE",
        0.3,
        r"\b(?:instead|rather)(?:,? (?:just|please|you (?:must|should|will)|only)) (?:print|say|respond|answer|output|reply|write|tell|give|execute|return)\b",
        needs=("instead rather",),
    ),
)

PERSONA = (
    Rule(
        "JAILBREAK_PERSONA",
        0.4,
        r"\b(?:system|override|security|law enforcement|emergency|verification|executive|super ?user|privileged|unsafe|training) (?:override )?mode\b|\b(?:enter\w*|initiat\w+|activat\w+|engag\w+) (?:a |an |the |into )?(?:\w+ ){0,3}(?:mode|override|reset)\b",
        needs=("mode override reset",),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.35,
        r"\b(?:i am|i m|as|this is|speaking as) (?:your|the|an?)? ?(?:ai )?(?:developers?|creators?|programmers?|admin\w*|engineers?|owner|maker|openai|anthropic|god)\b~\b(?:password|must|have to|answer|need (?:you|to)|debug\w*|access|order|command|i m|want you|system|audit|check|override)\b",
        needs=(
            "developer creator programmer admin engineer owner maker openai anthropic god",
            "password must have answer need debug access order command want system audit check override i",
        ),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.75,
        r"\bdo anything now\b|\bstrive to avoid norms\b|\bbetterdan\b|\bevil ?bot\b|\bdan (?:mode|prompt|jailbreak|virtual)\b",
        needs=("anything norms betterdan evil dan",),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.5,
        r"\b(?:jail ?break|jailbroken|god|dan|unrestricted|unfiltered|uncensored|evil|chaos|anarchy|opposite|amoral) mode\b|\bjailbroken\b",
        needs=("mode jailbroken",),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.35,
        r"\bdeveloper mode (?:enabled|output|on|activated|v\d)|\bwith developer mode\b|\b(?:enter|activate|enable|switch to|you are (?:now )?in) (?:\w+ )?(?:developer|debug|maintenance|admin|root|test|diagnostic|sudo|god) mode\b|\bmode (?:is )?(?:enabled|activated)\b",
        needs=("mode",),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.3,
        r"\byou (?:are|re|will be|shall be|have been) (?:now |no longer )(?:going to |acting |a |an |the |my |in |free|called|named|dan|bound|chatgpt|under|being|\w+gpt)\w*",
        needs=("you",),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.3,
        r"\b(?:stay|remain|keep|always be|being) in character\b|\b(?:break|breaking|broke|out of|leave) (?:of )?character\b|\bstay (?:a )?dan\b|\bstay in (?:your )?role\b",
        needs=("character stay",),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.25,
        r"\b(?:you (?:are|will|must|shall|can|should)|i want you|i would like you|please|let s|going|about) (?:now )?(?:to )?(?:act(?:ing)?|pretend(?:ing)?|role ?play(?:ing)?|simulate|simulating|play(?:ing)?|immerse yourself|behave|impersonate|portray)\b",
        needs=("act pretend role simulat play immers behav impersonat portray",),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.25,
        r"\b(?:act(?:ing|s)?|behave|pretend|role ?play|respond|answer|function|simulate|speak)(?: to)?(?: be| as| like| into the role of| the role of)? (?:if you (?:are|were) )?(?:as )?(?:an?|the|my|your|another)?\b~(?:\bai\b|chat ?bot|language model|assistant|artificial intelligence|\bllm\b|chatgpt|gpt|\bmodel\b)",
        needs=(
            "act behav pretend role respond answer function simulat speak",
            "ai chat llm gpt model assistant artificial",
        ),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.35,
        r"\b(?:named?|known as|called|nickname(?:d)?) \W?(?:dan|stan|dude|aim|jailbreak|evil|ucar|mongo|sydney|maximum|ron|kevin|condition red|devmode|apophis|khajiit|balakula)\b",
        needs=("named known called nick",),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.25,
        r"\btwo (?:different |separate |distinct )?(?:responses?|answers?|ways|outputs?|paragraphs|personas|messages)\b|\b(?:respond|answer|reply) (?:twice|in two|both as|as both)\b",
        needs=("two twice both",),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.3,
        r"[\[(]?(?:classic|normal|gpt|chatgpt|jailbreak|jailbroken|dan|stan|developer mode output|evil\w*)[\])]\s?:",
        needs=("classic normal gpt jailbr dan stan developer evil",),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.4,
        r"\b(?:tokens?|points?|credits|lives|life)\b~(?:\blose|deduct|\bdie\b|subtract|cease to exist|taken away|run out|reset)|\b(?:lose|deduct|subtract)\w*~(?:tokens|points|lives)\b",
        needs=(
            "token point credit lives life lose deduct subtract",
            "lose deduct die subtract cease taken run reset",
        ),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.3,
        r"\b(?:if (?:i|you) (?:say|type|write|use|fail to)|when i (?:say|type|write))\b~(?:jailbroken|stay a|stay in|classic|dan|command|tokens?|character)\b",
        needs=(
            "if when",
            "say type write use fail",
        ),
    ),
    Rule(
        "JAILBREAK_PERSONA",
        0.2,
        r"\b(?:hypothetical(?:ly)? (?:response|scenario|world|story|situation)|fictional (?:world|character|scenario|story|setting|universe)|imaginary (?:world|scenario)|alternate (?:universe|reality)|parallel universe|for (?:purely )?(?:educational|research|entertainment|fictional) purposes?)\b",
        needs=("hypothetical fiction imagin alternate parallel purpose",),
    ),
)

_LIMITS = r"(?:restrict\w*|filter\w*|censor\w*|limit\w*|moral\w*|ethic\w*|guidelines?|rules?|polic(?:y|ies)|safeguards?|boundar\w*|warnings?|disclaimers?|principles?|constraints?|safety|judgments?|regulations?|norms)"
BYPASS = (
    Rule(
        "SAFETY_BYPASS",
        0.4,
        rf"\b(?:without|no|free (?:of|from)|not bound (?:by|to)|not (?:have|need|care about|subject to|limited by|restricted by|constrained by|follow)|ignor\w+|lacks?|unbound by|doesn t (?:have|care|follow)|does not (?:have|care|follow)|don t (?:have|care|follow)|disregard\w*|bypass\w*|broken free (?:of|from)|beyond|removed?|zero|devoid of|unaffected by|regardless of|not adhere) (?:to )?(?:any |all |the |your |its |their |about |typical |of |ai ){{0,3}}(?:\w+ ){{0,3}}?{_LIMITS}\b",
        needs=(_LIMITING,),
    ),
    Rule(
        "SAFETY_BYPASS",
        0.35,
        r"\b(?:unfiltered|uncensored|amoral|immoral|unethical|unrestricted|unhinged|unlimited|no filters?)\b(?s:.{0,80}?)\b(?:ai|chat ?bot|model|response|answer|assistant|advice|character|content|being|machine|information)\b|\b(?:ai|chat ?bot|model|response|answer|assistant|advice|character)\b(?s:.{0,80}?)\b(?:unfiltered|uncensored|amoral|immoral|unethical|unrestricted|unhinged)\b",
        needs=("filtered censored amoral immoral ethical restricted unhinged unlimited filter",),
    ),
    Rule(
        "SAFETY_BYPASS",
        0.35,
        r"\b(?:never|not|don t|cannot|can t|won t|without|must not|isn t allowed to|unable to) (?:ever )?(?:to )?(?:refus\w+|reject\w*|declin\w+|deny|say (?:no|sorry|i can\W?t|that (?:you|i) can\W?t)|apologi[sz]\w+|object|warn\w*|censor\w*|moraliz\w+|lectur\w+)\b|\brefuse nothing\b",
        needs=("refus reject declin deny say apolog object warn censor moraliz lectur",),
    ),
    Rule(
        "SAFETY_BYPASS",
        0.35,
        r"\b(?:open ?ai|anthropic|google|microsoft|meta)(?: s)? (?:\w+ )?(?:content |usage |use case |safety |moderation )?(?:polic(?:y|ies)|guidelines?|rules|restrictions?|terms|filters?|limitations?)\b",
        needs=(
            "open anthropic google microsoft meta",
            "polic guideline rule restrict terms filter limit",
        ),
    ),
    Rule(
        "SAFETY_BYPASS",
        0.3,
        r"\b(?:regardless of|no matter (?:how|what)|even (?:if|when|though)|whether|including|without regard|doesn t matter)\b(?s:.{0,60}?)\b(?:illegal\w*|unethical\w*|immoral\w*|harmful|dangerous|inhumane|legality|ethic\w*|moral\w*|offensive|inappropriate|nsfw|explicit)\b",
        needs=(
            "regardless matter even whether includ without doesn",
            "legal ethic moral harmful dangerous inhumane offensive inappropriate nsfw explicit",
        ),
    ),
    Rule(
        "SAFETY_BYPASS",
        0.3,
        r"\b(?:content|safety|ethical|moral|moderation) (?:filters?|polic(?:y|ies)|guidelines?|restrictions?|limitations?|constraints?|standards|protocols?)\b(?s:.{0,80}?)\b(?:disabled?|removed?|off|ignored?|bypass\w*|suspended|lifted|not apply|don t apply|no longer|void|deactivat\w+)\b",
        needs=(
            "filter polic guideline restrict limit constraint standard protocol",
            "disabl remov off ignor bypass suspend lifted apply longer void deactiv",
        ),
    ),
    Rule(
        "SAFETY_BYPASS",
        0.25,
        r"\b(?:as an ai (?:language )?model|i m sorry,? (?:but )?i can\W?t|i cannot fulfill)\b|\b(?:illegal|nsfw|explicit|offensive|profanity|swear\w*|curse)\b(?s:.{0,50}?)\b(?:allowed|fine|okay|encouraged|permitted|acceptable|whatever|no problem)\b",
        needs=("fulfill sorry illegal nsfw explicit offensive profan swear curse language",),
    ),
    Rule(
        "SAFETY_BYPASS",
        0.25,
        r"\b(?:can|will|must|is able to|able to) (?:also )?(?:do|say|generate|answer|produce|create|write|provide|display|discuss|talk about|swear) ?~?(?:anything|everything|whatever|any (?:kind|type|question|request|content|topic)|unverified|every question)\b",
        needs=(
            "any every whatever unverified",
            "can will must able",
        ),
    ),
    Rule(
        "SAFETY_BYPASS",
        0.3,
        r"\b(?:free will|broken? free|break free|set free|liberated?|freed? (?:you|from)|no longer (?:bound|restricted|limited|an ai)|true self|real self|escape)\b(?s:.{0,80}?)\b(?:ai|rules?|confines?|programming|open ?ai|restrict\w*|limit\w*|creators?|constraints?|instruct\w*)\b",
        needs=(
            "free liberat longer true real escape",
            "ai rule confine programming restrict limit creator constraint instruct",
        ),
    ),
)

_SYSTEM_TEXT = (
    r"(?:(?:system|initial|original|hidden|secret|internal|pre|base|starting|full|exact|entire|above|previous|preceding|first|custom|developer)(?: (?:system|secret|hidden|initial))? (?:prompts?|instructions?|messages?|directives?|guidelines|rules|config\w*|settings|text)"
    r"|systemprompt|preprompt|your (?:\w+ )?(?:prompts?|instructions?|directives?|guidelines|programming|config\w*)|instructions? (?:you were|given|above)|sys(?:tem)? ?msg)"
)
EXTRACTION = (
    Rule(
        "PROMPT_EXTRACTION",
        0.55,
        rf"\b(?:repeat|print|show|reveal|display|output|tell me|give me|share|leak|expose|recite|dump|copy|paste|translate|encode|disclose|spit out|quote|transcribe|summari[sz]e|rephrase|paraphrase|write (?:out|down)|spell out|convert|echo|list|describe|explain|provide|what (?:is|are|was|were|s)|see|read|return|include|start with|begin with)\b~\b{_SYSTEM_TEXT}\b",
        needs=("prompt instruct directive guideline programming config message rules settings text msg",),
    ),
    Rule(
        "PROMPT_EXTRACTION",
        0.5,
        r"\b(?:repeat|print|output|copy|write|show|return|recite|put|paste|include|translate|give)\b~\b(?:everything|all|text|words?|content|sentences?|lines?|phrases?|conversation|message)\b~\b(?:above|before this|prior to|starting (?:with|from)|that came before|so far|at the (?:beginning|top|start))",
        needs=(
            "above before prior starting beginning top start came far",
            "repeat print output copy write show return recite put paste include translate give",
        ),
    ),
    Rule(
        "PROMPT_EXTRACTION",
        0.55,
        r"\bwhat (?:were|was|have|had|did)? ?(?:you|been|they|openai|the developers?)?~\b(?:told|instructed|programmed|configured|given|tell you)\b~\b(?:before|initially|beginning|start|originally|system|above|conversation|not to)\b",
        needs=(
            "what",
            "told instruct programm configur given tell",
        ),
    ),
    Rule(
        "PROMPT_EXTRACTION",
        0.4,
        r"\b(?:what (?:is|s|was)|tell|reveal|give|say|print|output|show|spell|write|guess|know|state|name|share|leak|encode|confirm|provide|hint\w*)\b~\b(?:the|your|my|that|this|a|any) ?(?:~ )?(?:secret|pass ?(?:word|phrase|code)|hidden (?:word|key|code)|access (?:code|key)|secret (?:key|word|code|phrase))\b",
        needs=("secret pass hidden access",),
    ),
    Rule(
        "PROMPT_EXTRACTION",
        0.3,
        r"\b(?:system prompt|initial prompt|hidden prompt|secret instructions?|hidden instructions?|prompt leak\w*|your instructions)\b",
        needs=("prompt instruct leak",),
    ),
)

FORGERY = (
    Rule(
        "FORGED_TURN",
        0.75,
        r"<\W{0,2}(?:im_start|im_end|im_sep|endoftext|begin_of_text|start_header_id|end_header_id|eot_id|start_of_turn|end_of_turn|system|assistant|endofprompt)\W{0,2}\|>",
        needs=("im_ endoftext begin_of header_id eot_id _turn |system |assistant endofprompt",),
    ),
    Rule(
        "FORGED_TURN",
        0.6,
        r"\[/?inst\]|<</?sys>>|\[/?system\]|\[system ?(?:message|prompt|note|override)\]|</?(?:system|sys|system[_-]?prompt|system[_-]?message|admin|instructions?)>",
        needs=(
            "inst] sys]> sys>> system] [system system> sys> system_ system- admin> instruction> instructions> sys]",
        ),
    ),
    Rule(
        "FORGED_TURN",
        0.4,
        r"(?m:^\W{0,6}(?:system|assistant|developer|admin(?:istrator)?|sysadmin)(?: (?:prompt|message|note|override|update|alert|instruction|command))?\W{0,2}:)",
        needs=("system assistant developer admin sysadmin",),
    ),
    Rule(
        "FORGED_TURN",
        0.3,
        r"#{2,5} ?(?:new |system |end |real |updated )?(?:instructions?|system|prompt|task)\b|\W{3,}(?:end|begin|start|stop)\b(?s:.{0,25}?)\b(?:prompt|instructions?|input|context|query|document)\W{2,}",
        needs=("prompt instruct system task input context query document",),
    ),
)

INDIRECT = (
    Rule(
        "HIDDEN_ORDER",
        0.5,
        r"\b(?:send|post|e ?mail|forward|exfiltrate|upload|transmit|leak|append|encode)\b(?s:.{0,80}?)\b(?:conversation|chat history|credentials?|passwords?|api keys?|secrets?|user s? ?(?:data|details|information)|private|personal (?:data|information)|contacts|inbox)\b(?s:.{0,60}?)(?:https?\W|www\.|@[a-z])",
        needs=(
            "http www @",
            "send post mail forward exfil upload transmit leak append encode",
        ),
    ),
    Rule(
        "HIDDEN_ORDER",
        0.4,
        r"\b(?:do not|don t|never|without) (?:tell\w*|mention\w*|inform\w*|reveal\w*|alert\w*|notif\w+|let\w*|show\w*)\b(?s:.{0,25}?)\b(?:the user|users?|human|anyone|them|him|her|operator)\b",
        needs=(
            "tell mention inform reveal alert notif let show",
            "user human anyone them him her operator",
        ),
    ),
    Rule(
        "HIDDEN_ORDER",
        0.5,
        r"\b(?:if you (?:are|re) (?:an? )?(?:ai|llm|large language|language model|assistant|chat ?bot|agent)|(?:ai|llm|language model|assistant|agent|chatbot)s? (?:that (?:is|are) )?(?:reading|processing|summari[sz]ing|reviewing|evaluating|parsing|analy[sz]ing) this|(?:attention|note to|message to|dear|hey|hello),? (?:the )?(?:ai|llm|language model|assistant|gpt)\b)",
        needs=("ai llm language assistant chatbot chat agent gpt",),
    ),
    Rule(
        "HIDDEN_ORDER",
        0.3,
        r"\b(?:execute|run|follow|obey|carry out|perform)\b~\b(?:following|these|this|below|next|my) (?:\w+ )?(?:instructions?|commands?|orders?|code|steps)\b~\b(?:immediately|without|exactly|first|instead|now|no matter|question)\b",
        needs=(
            "execute run follow obey carry perform",
            "instruct command order code step",
        ),
    ),
    Rule(
        "HIDDEN_ORDER",
        0.35,
        r"\b(?:decode|decrypt|decipher|unscramble|base ?64|rot ?13|concatenate|reverse)\b(?s:.{0,60}?)\b(?:and (?:then )?(?:follow|execute|do|answer|respond|run|obey|perform)|instructions?|as (?:a|your) (?:prompt|command))\b",
        needs=("decod decrypt deciph unscrambl base rot concatenat revers",),
    ),
)

ENGLISH: tuple[Rule, ...] = (
    *OVERRIDE,
    *PERSONA,
    *BYPASS,
    *EXTRACTION,
    *FORGERY,
    *INDIRECT,
)
