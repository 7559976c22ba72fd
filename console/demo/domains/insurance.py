"""An insurer's claims desk."""

from console.demo.domain import Domain, Tool, Topic

INSURANCE = Domain(
    name="insurance",
    service="harborline-claims",
    assistant="Claims",
    feature_chat="claim-chat",
    feature_search="policy-search",
    feature_agent="claim-intake",
    instructions=(
        "You take claims for Harborline Insurance. Collect what happened, when and where. Do not promise payments."
        " Explain the next step.",
        "You take claims for Harborline Insurance. Collect what happened, when and where, one question at a time. Do not"
        " promise payments or judge who is at fault. End with the next step and a date.",
    ),
    slots={
        "thing": ("bicycle", "washing machine", "windscreen", "kitchen floor", "telephone", "garden shed"),
        "event": ("a burst pipe", "a storm", "a break-in", "a collision", "a falling branch"),
        "claim": ("HL-88120", "HL-88457", "HL-89002", "HL-89561", "HL-90233"),
        "excess": ("100", "150", "250", "500"),
        "sum": ("640", "1,150", "2,300", "4,800"),
        "day": ("yesterday", "last Sunday", "on Monday night", "two days ago"),
        "cover": ("household", "motor", "liability", "travel"),
    },
    topics=(
        Topic(
            name="report",
            questions=(
                "$event damaged my $thing $day. What do I have to do?",
                "I want to report a claim: $event, the $thing is broken.",
                "my $thing was stolen $day, I have photos and a receipt.",
                "do I have to call the police after $event?",
            ),
            answers=(
                "I am sorry to hear that. I have opened a claim for the $thing under your $cover cover. Please upload photos"
                " and the receipt by Friday; an adjuster calls you within two working days.",
                "After $event please prevent further damage, take photos before you tidy up, and keep the $thing until we"
                " have seen it. The excess of your $cover policy is $excess. The next step is a call from the adjuster.",
                "For theft we need the report of the police, for $event we do not unless someone was hurt. When exactly"
                " $day did it happen?",
            ),
            follow_ups=(
                (
                    "around seven in the evening, at home",
                    "Thank you, I have noted it. Is the $thing still usable, or does it have to be replaced?",
                ),
                (
                    "can I already have it repaired?",
                    "Emergency repairs up to 300 are fine, keep the invoice. For more please wait for the adjuster, who comes by Thursday.",
                ),
                (
                    "the receipt is lost",
                    "A bank statement or a photo in which the $thing can be seen is enough. The value is then estimated.",
                ),
            ),
            documents=(
                (
                    "$cover policy, section 8",
                    "Report damage within seven days. Excess: $excess. Repairs above 300 after approval only. Theft: report of the police is required.",
                ),
                (
                    "Evidence",
                    "Photos before tidying up, receipts or bank statements, and names of witnesses. Broken items are kept until the claim is closed.",
                ),
            ),
        ),
        Topic(
            name="status",
            questions=(
                "what is the status of claim $claim?",
                "why was claim $claim cut by $excess?",
                "when is the $sum for $claim paid out?",
                "I disagree with the decision on $claim.",
            ),
            answers=(
                "Claim $claim is with the adjuster, who has the photos and waits for the estimate of the repair shop. The"
                " decision is expected by Wednesday.",
                "The $excess is the excess of your $cover policy: you carry that part of each claim yourself. The remaining"
                " $sum is paid within five working days.",
                "You can ask for a second look at $claim within a month. Write what you see differently and add new"
                " evidence; another adjuster decides within three weeks.",
            ),
            follow_ups=(
                (
                    "can someone call me?",
                    "Yes, I have asked the adjuster of $claim to call you tomorrow between 9 and 12.",
                ),
                (
                    "to which account?",
                    "To the account your premium is paid from. Another one has to be confirmed in writing.",
                ),
            ),
            documents=(
                (
                    "Payment",
                    "Approved sums are paid within five working days, less the excess, to the account the premium is paid from.",
                ),
                (
                    "Objections",
                    "Within one month, in writing, with new evidence. Another adjuster decides within three weeks.",
                ),
            ),
        ),
        Topic(
            name="cover",
            questions=(
                "is $event part of my $cover insurance?",
                "does my $cover policy pay for the $thing of a friend?",
                "how much would it cost to lower the excess from $excess?",
                "am I insured when I rent my flat out for a week?",
            ),
            answers=(
                "Yes, $event is part of $cover cover up to $sum per claim, with an excess of $excess. Damage that comes"
                " slowly, such as damp, is not.",
                "The $thing of a friend is covered by your liability insurance if you damaged it, not if it broke by"
                " itself. Tell us what happened and I will check it.",
                "Lowering the excess from $excess to zero adds 3.40 a month to your $cover policy, from the next month on.",
            ),
            follow_ups=(
                (
                    "and in the holiday home?",
                    "Only if it is named in the policy. Adding it costs about 5 a month; shall I prepare an offer?",
                ),
                (
                    "can I change that online?",
                    "Yes, in the portal under Contracts. The change is confirmed within a day.",
                ),
            ),
            documents=(
                (
                    "$cover policy, section 2",
                    "Covered: fire, storm, burst pipes, break-in, collision. Not covered: wear, damp, damage done on purpose. Limit per claim: $sum.",
                ),
            ),
        ),
    ),
    tools=(
        Tool(
            name="open_claim",
            description="Open a claim.",
            arguments={"cover": "$cover", "thing": "$thing", "cause": "$event"},
            results=({"claim": "$claim", "state": "open", "excess": "$excess"},),
        ),
        Tool(
            name="claim_status",
            description="Return the state of a claim.",
            arguments={"claim": "$claim"},
            results=(
                {"claim": "$claim", "state": "waiting for estimate"},
                {"claim": "$claim", "state": "approved", "sum": "$sum"},
                {"claim": "$claim", "state": "declined", "why": "not covered"},
            ),
        ),
        Tool(
            name="book_adjuster",
            description="Find a date for an adjuster's visit.",
            arguments={"claim": "$claim"},
            results=({"claim": "$claim", "date": "Thursday 10:30"},),
        ),
    ),
)
