"""A travel planner that searches connections and books."""

from console.demo.domain import Domain, Tool, Topic

TRAVEL = Domain(
    name="travel",
    service="wayfarer-planner",
    assistant="Wayfarer",
    feature_chat="trip-chat",
    feature_search="visa-and-rules",
    feature_agent="trip-planner",
    instructions=(
        "You plan trips by train, bus and plane. Prefer trains when they take less than seven hours. Give times and"
        " prices. Ask before you book anything.",
        "You plan trips by train, bus and plane. Prefer trains when they take less than seven hours. Give at most three"
        " options as a list with departure, arrival and price. Ask before you book anything.",
    ),
    slots={
        "city": ("Lisbon", "Vienna", "Copenhagen", "Krakow", "Bologna", "Ghent", "Seville", "Ljubljana"),
        "origin": ("Zurich", "Hamburg", "Lyon", "Prague", "Turin", "Utrecht"),
        "month": ("December", "January", "February", "March"),
        "nights": ("two", "three", "four", "six"),
        "price": ("59", "89", "112", "147", "205", "318"),
        "depart": ("06:42", "08:10", "09:54", "11:32", "13:05"),
        "arrive": ("14:27", "15:58", "17:20", "18:46", "21:09"),
        "people": ("two adults", "a family of four", "three friends", "one adult and a toddler"),
    },
    topics=(
        Topic(
            name="connections",
            questions=(
                "how do I get from $origin to $city on a Friday?",
                "is there a direct train from $origin to $city?",
                "cheapest way to $city for $people in $month?",
                "can I take my bicycle on the train to $city?",
            ),
            answers=(
                "Three good options from $origin to $city:\n- $depart, arrives $arrive, one change, $price euros\n- 11:32,"
                " arrives 19:40, direct, 20 euros more\n- night train at 21:15, arrives 08:50, couchette included\nShall I"
                " hold one of them for you?",
                "There is no direct train, but the $depart from $origin reaches $city at $arrive with one easy change."
                " Seats for $people start at $price euros if you book before $month.",
                "Bicycles travel on the $depart for 10 euros with a reservation. On the faster trains only folded bikes are"
                " allowed.",
            ),
            follow_ups=(
                (
                    "which one has the shortest stop?",
                    "The $depart: you change on the same platform and wait twelve minutes. If it is missed, the next one leaves an hour later on the same ticket.",
                ),
                (
                    "and back on Sunday evening?",
                    "Back from $city there is a 17:20 that arrives in $origin at 23:48, also $price euros. After that only the night train.",
                ),
                (
                    "can the ticket be changed?",
                    "At $price euros it can be changed once for 15 euros until the day before. The flexible fare costs 40 more.",
                ),
            ),
            documents=(
                (
                    "Fares and changes",
                    "Saver: one change for 15 euros until the day before. Flex: free changes until departure. Night trains: refund of 80% until a week before.",
                ),
                (
                    "Bicycles",
                    "Reservation is needed on all long-distance trains. Ten euros, eight places per train, folded bikes travel free.",
                ),
            ),
        ),
        Topic(
            name="hotels",
            questions=(
                "find a quiet hotel in $city for $nights nights, up to $price a night.",
                "is $city nice in $month with $people?",
                "somewhere near the station in $city where we can leave luggage?",
                "does the hotel in $city have rooms for $people?",
            ),
            answers=(
                "For $nights nights in $city I would look at Casa Lindner: a courtyard, ten minutes on foot to the"
                " station, $price a night with breakfast. It has a family room for $people. Shall I check the dates?",
                "$city in $month is mild and empty. $nights nights are enough for the old town, one museum and a day by the"
                " water. Most places close on Mondays.",
                "The station in $city has lockers for 6 euros a day. Two hotels around the corner keep luggage for guests"
                " until the evening.",
            ),
            follow_ups=(
                (
                    "is breakfast included?",
                    "Yes, from 7 to 10:30, and until 11 on weekends. Tell them the day before if you need something without gluten.",
                ),
                (
                    "can we cancel?",
                    "Free of charge until 48 hours before. After that the first night is charged.",
                ),
            ),
            documents=(
                (
                    "Hotels: $city",
                    "Casa Lindner, courtyard rooms, from $price. Hotel Arcade, next to the station, lockers. Pension Sole, small, family rooms.",
                ),
                (
                    "Cancellation",
                    "Our partner hotels can be cancelled until 48 hours before arrival unless the offer says otherwise.",
                ),
            ),
        ),
        Topic(
            name="rules",
            questions=(
                "do I need a visa for $city with a Brazilian passport?",
                "how much hand luggage is allowed between $origin and $city?",
                "my train to $city was two hours late. Do I get money back?",
                "can a child travel alone from $origin to $city?",
            ),
            answers=(
                "Citizens of Brazil can stay for 90 days within 180 days without a visa. Carry a return ticket and proof of"
                " where you stay in $city; border guards may ask for both.",
                "For a delay of two hours you get half of the fare back, $price euros at most. The form takes five minutes;"
                " I can fill it in if you give me the ticket number.",
                "Children from six years on may travel alone if the way has no change. Between $origin and $city there is"
                " one, so book the guided service, $price euros each way.",
            ),
            follow_ups=(
                (
                    "how long does the refund take?",
                    "By law a month, usually ten days. It is paid to the account you name, not as a voucher, unless you ask for one.",
                ),
                (
                    "what about the missed hotel night?",
                    "That is not part of the compensation. Travel insurance usually pays it; keep the confirmation of the delay.",
                ),
            ),
            documents=(
                (
                    "Passenger rights",
                    "Delay of one hour: 25% of the fare. Two hours: 50%. Claims within three months. Strikes of the operator count, strikes of others do not.",
                ),
                (
                    "Entry rules",
                    "Stays up to 90 days within 180 days are free of visa for citizens of 60 countries, among them Brazil, Canada and Japan.",
                ),
            ),
        ),
        Topic(
            name="itinerary",
            questions=(
                "plan $nights nights in $city for $people, not too much walking.",
                "what should we see in $city in one afternoon?",
                "it will rain in $city. What can we do inside with $people?",
            ),
            answers=(
                "Day 1: arrive at $arrive, walk along the river, dinner in the old town. Day 2: tram to the castle, lunch at"
                " the market, concert. Day 3: museum in the morning, train at $depart. Nothing is farther than 600 metres"
                " from a stop.",
                "One afternoon in $city: the market hall until three, the tower before the queue at four, and a coffee on"
                " the square when the light is best. All within a kilometre.",
                "When it rains: the glass pavilion, the railway museum (good for $people) and the old baths. A day pass"
                " for all three is $price euros.",
            ),
            follow_ups=(
                (
                    "is the museum open on Monday?",
                    "No, nearly everything in $city is closed on Mondays. Swap it with the castle, which opens daily.",
                ),
                (
                    "can you book the concert?",
                    "I can hold $people for 20 minutes while you decide. Front rows are $price each, the gallery half of that.",
                ),
            ),
            documents=(
                (
                    "City guide: $city",
                    "Market hall until 15:00. Castle daily, last entry 17:00. Museums closed on Mondays. Trams every six minutes until midnight.",
                ),
            ),
        ),
    ),
    tools=(
        Tool(
            name="search_connections",
            description="Search connections between two cities.",
            arguments={"from": "$origin", "to": "$city", "when": "Friday"},
            results=(
                {
                    "connections": [
                        {"depart": "$depart", "arrive": "$arrive", "changes": 1, "price_eur": "$price"}
                    ]
                },
                {
                    "connections": [
                        {"depart": "$depart", "arrive": "$arrive", "changes": 0, "price_eur": "$price"},
                        {"depart": "21:15", "arrive": "08:50", "changes": 0},
                    ]
                },
                {"connections": []},
            ),
        ),
        Tool(
            name="search_hotels",
            description="Search hotels in a city.",
            arguments={"city": "$city", "nights": "$nights", "max_price": "$price"},
            results=(
                {"hotels": [{"name": "Casa Lindner", "price": "$price", "quiet": True}]},
                {"hotels": []},
            ),
        ),
        Tool(
            name="weather",
            description="Return the forecast for a city.",
            arguments={"city": "$city"},
            results=(
                {"city": "$city", "rain": True, "high": 9},
                {"city": "$city", "rain": False, "high": 14},
            ),
        ),
    ),
)
