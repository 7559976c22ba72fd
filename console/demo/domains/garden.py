"""A garden shop that answers customers and looks up their orders."""

from console.demo.domain import Domain, Tool, Topic

GARDEN = Domain(
    name="garden",
    service="greenleaf-support",
    assistant="Fern",
    feature_chat="customer-chat",
    feature_search="plant-advice",
    feature_agent="order-desk",
    instructions=(
        "You are Fern, the assistant of the garden shop Greenleaf. Answer questions about plants, orders and"
        " deliveries in a friendly tone. Use at most four sentences. Never promise a refund yourself.",
        "You are Fern, the assistant of the garden shop Greenleaf. Answer questions about plants, orders and"
        " deliveries. Be warm and concrete: name amounts, days and places. Use at most four sentences. Never"
        " promise a refund yourself; offer to pass the case on to a colleague instead.",
    ),
    slots={
        "plant": (
            "monstera",
            "olive tree",
            "hydrangea",
            "lemon tree",
            "boston fern",
            "lavender",
            "fig",
            "orchid",
        ),
        "window": (
            "a south-facing window",
            "a dark hallway",
            "a bright kitchen",
            "the balcony",
            "a north-facing room",
        ),
        "pest": ("spider mites", "aphids", "fungus gnats", "scale insects", "whitefly"),
        "symptom": ("yellow leaves", "brown tips", "drooping stems", "white spots", "dropping leaves"),
        "pot": ("19 cm", "24 cm", "30 cm", "40 cm"),
        "courier": ("Northpost", "ParcelRunner", "the green van"),
        "weekday": ("Tuesday", "Wednesday", "Thursday", "Friday"),
        "order": (
            "GL-20418",
            "GL-20977",
            "GL-21003",
            "GL-21544",
            "GL-22019",
            "GL-22387",
            "GL-23150",
            "GL-23911",
        ),
    },
    topics=(
        Topic(
            name="watering",
            questions=(
                "how often should I water my $plant? It stands in $window.",
                "my $plant has $symptom. Am I watering it too much?",
                "I am away for two weeks. Will the $plant survive without water?",
                "is tap water fine for a $plant or should I use rain water?",
                "the soil of my $plant is still wet after a week. What is wrong?",
            ),
            answers=(
                "A $plant likes to dry out a little between waterings: put a finger two centimetres into the soil and"
                " water only when it feels dry. In $window that is about every six to eight days now and twice a week"
                " in summer. Empty the saucer after half an hour so that the roots do not stand in water.",
                "With $symptom I would look at the roots first. If they are brown and soft, let the $plant dry for ten"
                " days and repot it in fresh soil with a handful of perlite. If they are white and firm, give 300 ml a"
                " week and move it away from the radiator.",
                "Two weeks are no problem if you water the $plant well on the last day and move it out of direct sun."
                " A clay cone with a bottle of water keeps a $pot pot moist for about ten days. We have the cones in"
                " stock in packs of three.",
            ),
            follow_ups=(
                (
                    "and does it need fertiliser in winter?",
                    "No. Stop feeding the $plant in October and start again in March with half the dose on the bottle. Too much fertiliser in dark months shows as $symptom.",
                ),
                (
                    "should I mist the leaves too?",
                    "Misting helps for an hour at most. A tray with wet pebbles under the $pot pot raises the humidity all day and leaves no stains.",
                ),
                (
                    "what if the tips are already brown?",
                    "Brown tips do not turn green again. Cut them off with clean scissors, leave a thin brown edge, and watch whether new leaves stay healthy.",
                ),
            ),
            documents=(
                (
                    "Watering guide, part 2",
                    "Most houseplants die of too much water. Check the upper two centimetres of soil. Between October and March the interval doubles for nearly every species in our range.",
                ),
                (
                    "Care card: $plant",
                    "Light: bright, no midday sun. Water: when the surface is dry. Temperature: 16 to 24 degrees. Repot every second spring into a pot one size larger.",
                ),
            ),
        ),
        Topic(
            name="pests",
            questions=(
                "there are $pest on my $plant, what do I do?",
                "small insects fly up when I water the $plant. How do I get rid of them?",
                "is neem oil safe for a $plant when I have a cat?",
                "the $plant I bought last month has $pest. Can I return it?",
            ),
            answers=(
                "Against $pest I would rinse the $plant in the shower, then spray soap solution (15 ml in a litre of"
                " water) on both sides of the leaves every five days, three times. Keep it apart from other plants"
                " for two weeks.",
                "Those are most likely $pest. Let the top of the soil dry completely, put yellow sticky traps next to"
                " the pot, and water from below for a month. Nematodes finish off the larvae within ten days.",
                "Neem oil is safe once it has dried, but keep the cat out of the room for a few hours. Test one leaf"
                " first: a $plant with soft leaves can get spots.",
            ),
            follow_ups=(
                (
                    "will they spread to my other plants?",
                    "They can. Move the $plant at least two metres away and check the undersides of the others once a week. If you find $pest there too, treat all of them on the same day.",
                ),
                (
                    "how long until they are gone?",
                    "Expect three weeks: eggs survive the first treatment. If you still see $pest after the third spray, send us a photo.",
                ),
            ),
            documents=(
                (
                    "Pest finder",
                    "Fine webs: spider mites. Sticky leaves: aphids or scale. Flies from the soil: fungus gnats. White clouds: whitefly. Treat early and repeat after five days.",
                ),
                (
                    "Returns of living plants",
                    "A plant that arrives damaged or with pests is replaced within 30 days. Send a photo and the order number; the plant does not have to be sent back.",
                ),
            ),
        ),
        Topic(
            name="delivery",
            questions=(
                "where is my order $order? It was supposed to come on $weekday.",
                "order $order says delivered but nothing is here.",
                "can I change the delivery address of $order?",
                "the pot in order $order arrived broken.",
                "I would like to cancel $order, it has not been sent yet.",
            ),
            answers=(
                "Order $order left our nursery yesterday and is with $courier. The tracking says it arrives on"
                " $weekday between 10 and 14 o'clock. You can ask the driver to leave it with a neighbour through the"
                " link in the e-mail.",
                "I am sorry about that. $courier marked $order as delivered at the side entrance. Please look there"
                " first; if it is not there, I will pass the case on to a colleague who can send a replacement.",
                "The address of $order can be changed until it is packed, which happens on $weekday at noon. I have"
                " noted your request and a colleague will confirm it today.",
            ),
            follow_ups=(
                (
                    "can they ring before they come?",
                    "Yes. I have added the note 'please call first' to $order. $courier usually rings about fifteen minutes before.",
                ),
                (
                    "and the second parcel?",
                    "The $pot pots are sent separately because they are heavy. They follow on $weekday with $courier.",
                ),
                (
                    "ok, and if it rains, will they leave it outside?",
                    "Plants are never left in the open below five degrees. $courier takes them back and tries again the next day.",
                ),
            ),
            documents=(
                (
                    "Delivery times",
                    "Plants leave the nursery from Monday to Thursday so that they do not spend the weekend in a depot. Pots and soil are sent separately by pallet.",
                ),
                (
                    "Broken on arrival",
                    "Photograph the box and the content. A replacement is sent without a return for items below 60 euros.",
                ),
            ),
        ),
        Topic(
            name="choosing",
            questions=(
                "which plant would you put in $window? I forget to water.",
                "I need something tall for an office with $window.",
                "is a $plant poisonous for children?",
                "what grows together with a $plant in a $pot pot?",
            ),
            answers=(
                "For $window and someone who forgets to water I would take a ZZ plant or a snake plant: both live"
                " three weeks without water. If you want something greener, a $plant works when you set a reminder.",
                "A $plant grows to about 1.8 metres and looks good in an office. Choose a $pot pot with a water gauge,"
                " so that everybody sees when it is thirsty.",
                "The sap of a $plant can irritate the skin, so I would keep it out of reach of small children. Harmless"
                " alternatives are a boston fern, a calathea or a money plant.",
            ),
            follow_ups=(
                (
                    "what would that cost with a pot?",
                    "A plant of one metre is 39 euros and the matching $pot pot 24 euros. Delivery is free above 50 euros.",
                ),
                (
                    "does it keep its leaves in winter?",
                    "Indoors yes. It may drop a few leaves in the first weeks after the move, which is normal and stops by itself.",
                ),
            ),
            documents=(
                (
                    "Plants for dark rooms",
                    "ZZ plant, snake plant, cast-iron plant and pothos manage with 500 lux. Everything else needs a window within two metres.",
                ),
                (
                    "Poisonous or not",
                    "Safe for children and pets: calathea, boston fern, money plant, parlour palm. Irritating: fig, monstera, dieffenbachia.",
                ),
            ),
        ),
    ),
    tools=(
        Tool(
            name="order_status",
            description="Look up an order by its number.",
            arguments={"order": "$order"},
            results=(
                {"order": "$order", "state": "in transit", "courier": "$courier", "expected": "$weekday"},
                {"order": "$order", "state": "packed", "items": 3, "expected": "$weekday"},
                {"order": "$order", "state": "delivered", "left_at": "side entrance", "courier": "$courier"},
            ),
        ),
        Tool(
            name="stock",
            description="Tell how many of an article are in stock.",
            arguments={"article": "$plant", "size": "$pot"},
            results=(
                {"article": "$plant", "in_stock": 14},
                {"article": "$plant", "in_stock": 0, "again_on": "$weekday"},
            ),
        ),
        Tool(
            name="open_case",
            description="Pass a case on to a person.",
            arguments={"order": "$order", "reason": "customer asks for a replacement"},
            results=({"case": "C-7719", "answer_within_hours": 24},),
        ),
    ),
)
