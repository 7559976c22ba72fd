"""A bank's assistant for cards, accounts and transfers."""

from console.demo.domain import Domain, Tool, Topic

BANK = Domain(
    name="bank",
    service="meridian-assistant",
    assistant="Meridian",
    feature_chat="account-help",
    feature_search="product-terms",
    feature_agent="card-services",
    instructions=(
        "You are the assistant of Meridian Bank. Help with cards, accounts and transfers. Do not give investment"
        " advice. Never ask for a PIN or a password.",
        "You are the assistant of Meridian Bank. Help with cards, accounts and transfers. Do not give investment or"
        " tax advice; refer to an adviser. Never ask for a PIN, a password or a full card number. Name fees exactly.",
    ),
    slots={
        "card": ("debit card", "credit card", "travel card", "business card"),
        "amount": ("48.90", "120.00", "249.99", "1,300.00", "75.50", "2,480.00"),
        "merchant": ("Kiosk 24", "Alpen Outdoor", "StreamBox", "Hotel Mirador", "City Parking"),
        "country": ("Japan", "Norway", "Brazil", "Canada", "South Africa"),
        "days": ("one", "two", "three", "five"),
        "product": ("savings account", "joint account", "student account", "business account"),
        "fee": ("1.75%", "0.9%", "2.1%"),
    },
    topics=(
        Topic(
            name="card",
            questions=(
                "I lost my $card, please block it.",
                "my $card was declined at $merchant although there is money on the account.",
                "how long does a new $card take to arrive?",
                "can I use my $card in $country without a fee?",
                "there is a payment of $amount to $merchant that I do not know.",
            ),
            answers=(
                "I have blocked the $card at once. A new one is on its way and arrives within $days working days; the"
                " digital card in the app works immediately. Payments already authorised are still booked.",
                "The payment at $merchant was declined because the daily limit was reached. You can raise it in the app"
                " under Cards, Limits; the change takes effect within a minute.",
                "In $country we charge $fee for payments in the local currency and nothing for withdrawals up to 500 a"
                " month. Choose the local currency at the terminal, it is nearly always cheaper.",
                "I have marked the payment of $amount to $merchant as disputed. You get a provisional credit within"
                " $days working days while we ask the merchant for proof.",
            ),
            follow_ups=(
                (
                    "do I keep my PIN?",
                    "Yes, the new $card has the same PIN. If someone may have seen it, order a new one in the app.",
                ),
                (
                    "what if I find the card again?",
                    "Please destroy it. A blocked $card cannot be unblocked once a replacement has been ordered.",
                ),
                (
                    "will $merchant be told?",
                    "Only if the dispute goes on: after $days days the card network asks $merchant for a receipt.",
                ),
            ),
            documents=(
                (
                    "Card terms, section 4",
                    "Foreign payments: $fee of the amount. Withdrawals: free up to 500 per month. A lost card is replaced once a year without charge.",
                ),
                (
                    "Disputes",
                    "Report an unknown payment within 60 days. A provisional credit is given while the case is open. Most cases close within three weeks.",
                ),
            ),
        ),
        Topic(
            name="transfers",
            questions=(
                "I sent $amount to the wrong person, can I get it back?",
                "when does a transfer of $amount to $country arrive?",
                "is there a limit for transfers from a $product?",
                "how do I set up a standing order of $amount?",
            ),
            answers=(
                "An instant transfer cannot be recalled by us alone, but I have asked the receiving bank to return the"
                " $amount. They answer within $days working days and need the consent of the person who got it.",
                "A transfer to $country takes $days working days. We charge $fee, at least 5 and at most 40, and show the"
                " exchange rate before you confirm.",
                "From a $product you can send up to 10,000 a day in the app. Larger amounts need a second confirmation"
                " by telephone.",
            ),
            follow_ups=(
                (
                    "can I make it faster?",
                    "Yes, an express transfer arrives the same day and costs 12 extra. It has to be sent before 14:00.",
                ),
                (
                    "does the receiver pay anything?",
                    "Not if you choose 'fees paid by me'. The bank in $country may still charge for the conversion.",
                ),
            ),
            documents=(
                (
                    "Transfers abroad",
                    "Fee: $fee, minimum 5, maximum 40. Standard delivery within four working days. The rate is fixed on confirmation.",
                ),
                (
                    "Recalls",
                    "A recall can be asked for within ten working days. The receiving bank decides; it is free of charge the first time.",
                ),
            ),
        ),
        Topic(
            name="accounts",
            questions=(
                "what do I need to open a $product?",
                "how much does a $product cost per month?",
                "can my partner be added to my $product?",
                "I want to close my $product. What happens to the standing orders?",
                "which funds should I buy with $amount?",
            ),
            answers=(
                "For a $product you need an identity document and ten minutes: the identification is done by video. The"
                " account can be used as soon as the first $amount has arrived.",
                "A $product costs 3.90 a month and nothing if 1,200 come in regularly. The $card is included.",
                "I cannot advise on investments. An adviser can look at it with you, free of charge, within $days"
                " working days. Shall I arrange a call?",
            ),
            follow_ups=(
                (
                    "is that also possible in a branch?",
                    "Yes, with an appointment. Bring the same documents; it takes about half an hour.",
                ),
                (
                    "and the interest?",
                    "A $product pays interest from the first euro, credited every quarter. The rate of today is shown in the app.",
                ),
            ),
            documents=(
                (
                    "Price list",
                    "Account 3.90 per month, free with regular income of 1,200. Paper statements 1.20. Express transfer 12.00.",
                ),
                (
                    "Closing an account",
                    "Standing orders end with the account. Incoming payments are returned after 30 days. The balance is paid out to an account you name.",
                ),
            ),
        ),
        Topic(
            name="security",
            questions=(
                "I got a text message from you with a link to confirm $amount. Is that real?",
                "someone from $merchant called and asked for my card number.",
                "how do I turn on notifications for every payment?",
            ),
            answers=(
                "We never send links by text message. Please do not open it; delete it. If you already entered something,"
                " tell me and I will block the $card and the online access right away.",
                "That was most likely fraud: no merchant needs your full card number by telephone. I have put the $card"
                " under watch, and payments above 50 now need your confirmation in the app.",
                "In the app choose Profile, Notifications, Payments. You can be told about every payment or only those"
                " above an amount such as $amount.",
            ),
            follow_ups=(
                (
                    "I did click on it.",
                    "Then let us be careful: I have closed the online access and blocked the $card. A colleague calls you within the hour to set new credentials.",
                ),
                (
                    "how can I tell a real message from you?",
                    "Real messages are in the app's inbox. E-mails from us never contain links or attachments.",
                ),
            ),
            documents=(
                (
                    "Phishing",
                    "We never ask for a PIN, a password or a confirmation by link. Forward suspicious messages to the address on the website.",
                ),
            ),
        ),
    ),
    tools=(
        Tool(
            name="block_card",
            description="Block a card and order a replacement.",
            arguments={"card": "$card", "reason": "lost"},
            results=({"card": "$card", "state": "blocked", "replacement_in_days": "$days"},),
        ),
        Tool(
            name="recent_payments",
            description="List the newest payments of a card.",
            arguments={"card": "$card", "limit": 3},
            results=(
                {"payments": [{"merchant": "$merchant", "amount": "$amount", "state": "booked"}]},
                {
                    "payments": [
                        {"merchant": "$merchant", "amount": "$amount", "state": "declined", "why": "limit"}
                    ]
                },
            ),
        ),
        Tool(
            name="open_dispute",
            description="Dispute a payment.",
            arguments={"merchant": "$merchant", "amount": "$amount"},
            results=({"dispute": "D-40218", "provisional_credit_in_days": "$days"},),
        ),
    ),
)
