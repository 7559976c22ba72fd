"""An employer's handbook assistant."""

from console.demo.domain import Domain, Tool, Topic

PEOPLE = Domain(
    name="people",
    service="handbook-bot",
    assistant="Handbook",
    feature_chat="hr-chat",
    feature_search="handbook-search",
    feature_agent="leave-desk",
    instructions=(
        "You answer employees' questions from the company handbook. Quote the section. Do not comment on individual"
        " cases; refer to the people team.",
        "You answer employees' questions from the company handbook. Quote the section in brackets. Do not comment on"
        " individual cases or salaries of others; refer to the people team. Keep a neutral tone.",
    ),
    slots={
        "office": ("Porto", "Leipzig", "Gdansk", "Basel"),
        "leave": ("parental leave", "unpaid leave", "sick leave", "study leave", "carer's leave"),
        "weeks": ("two", "four", "six", "twelve"),
        "device": ("laptop", "monitor", "headset", "telephone"),
        "budget": ("300", "800", "1,200", "2,000"),
        "section": ("3.2", "4.1", "5.6", "7.3"),
        "manager": ("my manager", "the team lead", "my project lead"),
    },
    topics=(
        Topic(
            name="leave",
            questions=(
                "how do I apply for $leave?",
                "can I take $weeks weeks of $leave in summer?",
                "what happens to my bonus during $leave?",
                "$manager refused my $leave. What can I do?",
                "how many days of holiday can I carry over?",
            ),
            answers=(
                "Apply for $leave in the leave desk at least $weeks weeks before it begins; $manager and the people team"
                " approve it [section $section]. You get an answer within five working days.",
                "Up to $weeks weeks of $leave can be taken in one piece if the team agrees [section $section]. In July and"
                " August two people of a team have to be present.",
                "The bonus is paid in proportion to the months worked; $leave of up to $weeks weeks does not reduce it"
                " [section $section].",
                "I cannot judge individual cases. The handbook gives you the right to a written reason and a second look"
                " by the people team [section $section].",
            ),
            follow_ups=(
                (
                    "does it count for my pension?",
                    "Yes, the company keeps paying its share during $leave for up to $weeks weeks [section $section].",
                ),
                (
                    "who covers my work?",
                    "You and $manager write a handover together. The template is next to section $section.",
                ),
            ),
            documents=(
                (
                    "Handbook $section: $leave",
                    "Apply $weeks weeks ahead in the leave desk. Approval by the manager and the people team. A refusal is given in writing with a reason.",
                ),
                (
                    "Handbook 4.4: carry-over",
                    "Up to ten days of holiday can be carried over until the end of March. More needs the consent of the people team.",
                ),
            ),
        ),
        Topic(
            name="expenses",
            questions=(
                "what is the limit for a hotel in $office?",
                "can I expense a $device for working from home?",
                "how long do I have to hand in receipts over $budget?",
                "is a conference for $budget covered?",
            ),
            answers=(
                "A hotel in $office is covered up to 140 a night, breakfast included [section $section]. Above that"
                " $manager has to agree before you book.",
                "Yes, a $device up to $budget is covered once in three years. Order it through the portal; it stays the"
                " company's [section $section].",
                "Hand receipts in within 60 days. Above $budget add the approval of $manager as a file [section $section].",
            ),
            follow_ups=(
                (
                    "what if I lost the receipt?",
                    "A statement in your own words is accepted up to 50. Above that ask the hotel or shop for a copy.",
                ),
                (
                    "when is it paid out?",
                    "With the next salary if it is handed in before the 15th, otherwise a month later.",
                ),
            ),
            documents=(
                (
                    "Handbook 5.6: expenses",
                    "Hotel up to 140, meals up to 45 a day. Receipts within 60 days. Devices through the portal, up to $budget in three years.",
                ),
            ),
        ),
        Topic(
            name="remote",
            questions=(
                "can I work from another country for $weeks weeks?",
                "how many days do I have to be in the $office office?",
                "who pays for the internet at home?",
            ),
            answers=(
                "Within the EU up to $weeks weeks a year are possible if you tell the people team thirty days before; they"
                " look after social security and tax [section $section].",
                "Teams in $office meet on two days of their choice. The other days are yours to plan with $manager"
                " [section $section].",
                "There is an allowance of 30 a month for internet and power, paid without receipts [section $section].",
            ),
            follow_ups=(
                (
                    "and outside of the EU?",
                    "Outside of the EU it is limited to two weeks and needs an assessment, which takes about a month.",
                ),
                (
                    "may I take the $device with me?",
                    "Yes, encrypted and as hand luggage. Tell IT which country, so that access is not blocked.",
                ),
            ),
            documents=(
                (
                    "Handbook 7.3: work from elsewhere",
                    "EU: up to six weeks a year, thirty days' notice. Elsewhere: two weeks with an assessment. Never from countries on the list of IT.",
                ),
            ),
        ),
        Topic(
            name="onboarding",
            questions=(
                "what do I need on my first day in $office?",
                "my $device has not arrived and I start on Monday.",
                "where do I find the training on data protection?",
                "how much does my colleague in $office earn?",
            ),
            answers=(
                "Bring an identity document and your bank details. The $device is on your desk in $office; IT helps you with"
                " the first sign-in at 9:30.",
                "I am sorry for the delay. The portal shows the parcel; until it comes $manager can lend you a $device from"
                " the pool in $office [section $section].",
                "I cannot talk about the salary of other people. The salary bands of each role are in section $section, and"
                " the people team explains where you stand.",
            ),
            follow_ups=(
                (
                    "who is my contact?",
                    "Your buddy is named in the welcome e-mail. For everything else the people team answers within a day.",
                ),
                ("is there a dress code?", "No. For visits of customers the team agrees on something."),
            ),
            documents=(
                (
                    "Handbook 3.2: first day",
                    "Identity document, bank details, signed contract. Sign-in with IT at 9:30. Lunch with the team is on the company.",
                ),
            ),
        ),
    ),
    tools=(
        Tool(
            name="leave_balance",
            description="Return the days of leave an employee has left.",
            arguments={"kind": "$leave"},
            results=(
                {"kind": "$leave", "days_left": 11},
                {"kind": "$leave", "days_left": 0, "resets_in": "January"},
            ),
        ),
        Tool(
            name="file_request",
            description="File a request for leave.",
            arguments={"kind": "$leave", "weeks": "$weeks"},
            results=({"request": "L-3312", "state": "waiting for approval"},),
        ),
        Tool(
            name="find_section",
            description="Find a section of the handbook.",
            arguments={"about": "$leave"},
            results=({"section": "$section", "title": "$leave"},),
        ),
    ),
)
