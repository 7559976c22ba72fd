"""A recipe app that plans meals and shopping."""

from console.demo.domain import Domain, Tool, Topic

KITCHEN = Domain(
    name="kitchen",
    service="ladle-app",
    assistant="Ladle",
    feature_chat="cooking-chat",
    feature_search="recipe-search",
    feature_agent="meal-planner",
    instructions=(
        "You are Ladle, a cooking assistant. Suggest simple dishes from what people have at home. Use grams and degrees"
        " Celsius. Mention allergens.",
        "You are Ladle, a cooking assistant. Suggest simple dishes from what people have at home: at most eight"
        " ingredients and forty minutes. Use grams and degrees Celsius. Always name allergens in the last sentence.",
    ),
    slots={
        "ingredient": (
            "lentils",
            "leftover rice",
            "two courgettes",
            "a tin of chickpeas",
            "cauliflower",
            "smoked tofu",
        ),
        "dish": ("risotto", "shakshuka", "ramen", "pancakes", "flatbread", "minestrone"),
        "diet": ("vegan", "without gluten", "without lactose", "low in salt"),
        "guests": ("four guests", "six guests", "two children", "just me"),
        "minutes": ("15", "25", "30", "40"),
        "degrees": ("160", "180", "200", "220"),
        "spice": ("cumin", "smoked paprika", "coriander seed", "za'atar"),
    },
    topics=(
        Topic(
            name="ideas",
            questions=(
                "what can I cook with $ingredient in $minutes minutes?",
                "dinner for $guests, $diet, I have $ingredient.",
                "something warm with $ingredient that is not soup",
                "I am out of eggs. Can I still make $dish?",
            ),
            answers=(
                "Make a tray bake: $ingredient with onions, $spice and a tablespoon of oil, $minutes minutes at $degrees"
                " degrees. A spoon of yoghurt and lemon on top. For $guests double the onions. Allergens: milk.",
                "How about $dish with $ingredient? Fry garlic and $spice, add the rest, simmer for $minutes minutes and"
                " season at the end. It can be made $diet without changing much. Allergens: none.",
                "Yes. For $dish replace an egg by 60 g of mashed banana or by 15 g of ground linseed in 45 ml of water. The"
                " result is a little denser. Allergens: wheat.",
            ),
            follow_ups=(
                (
                    "can I prepare it the day before?",
                    "Yes, it tastes better the next day. Keep the $ingredient apart from the sauce and warm both at $degrees degrees for ten minutes.",
                ),
                (
                    "what goes with it?",
                    "A salad of cucumber with $spice, or bread. For $guests I would add a bowl of olives.",
                ),
                (
                    "how much salt?",
                    "Start with 6 g for $guests and taste at the end; the $ingredient brings some of its own.",
                ),
            ),
            documents=(
                (
                    "Tray bakes",
                    "Vegetables at 200 degrees for 30 minutes, pulses for 20. Oil first, spice second, salt last. Lemon after baking.",
                ),
                (
                    "Replacing eggs",
                    "Per egg: 60 g banana, or 15 g linseed in 45 ml water, or 60 ml of chickpea water beaten stiff.",
                ),
            ),
        ),
        Topic(
            name="technique",
            questions=(
                "why is my $dish always soggy?",
                "how hot should the oven be for $dish?",
                "do I have to soak $ingredient?",
                "my $dish tastes flat. What is missing?",
            ),
            answers=(
                "Soggy $dish usually means too much in the pan. Cook in two batches, keep the heat high and do not cover it."
                " Drain the $ingredient well before it goes in.",
                "For $dish heat the oven to $degrees degrees with the tray inside, and bake for $minutes minutes on the lowest"
                " rack.",
                "It misses acid, not salt: a teaspoon of vinegar or lemon at the end. Then toast the $spice dry for a minute"
                " next time, which doubles its flavour.",
            ),
            follow_ups=(
                (
                    "does that work in an air fryer?",
                    "Yes, with 20 degrees less and two thirds of the time. Shake once.",
                ),
                (
                    "how do I know that it is done?",
                    "Lift it at the edge: when it comes off by itself and smells of $spice, it is done.",
                ),
            ),
            documents=(
                (
                    "Crisp, not soggy",
                    "Small batches, dry ingredients, high heat. Salt draws water: add it at the end.",
                ),
            ),
        ),
        Topic(
            name="planning",
            questions=(
                "plan three $diet dinners for $guests.",
                "make a shopping list for $dish and something with $ingredient.",
                "what can be frozen: $dish or $ingredient?",
            ),
            answers=(
                "Monday: $dish. Wednesday: $ingredient with $spice from the oven, $minutes minutes. Friday: pasta with what is"
                " left. All $diet, for $guests, about 14 euros. Allergens: wheat, celery.",
                "Shopping list: 500 g tomatoes, one onion, $ingredient, $spice, 200 g of flour, lemon. You said that oil and"
                " salt are at home. Allergens: wheat.",
                "Freeze the $dish in portions for up to three months. $ingredient gets soft; eat it within two days.",
            ),
            follow_ups=(
                (
                    "swap the Wednesday please",
                    "Then Wednesday is flatbread with beans, $minutes minutes, still $diet. The list gets one tin of beans longer.",
                ),
                (
                    "and a dessert?",
                    "Baked apples with oats, 20 minutes at $degrees degrees, without anything $guests could mind. Allergens: oats.",
                ),
            ),
            documents=(
                (
                    "Freezing",
                    "Soups and sauces three months, bread two, cooked rice one. Potatoes and salads do not freeze.",
                ),
            ),
        ),
    ),
    tools=(
        Tool(
            name="search_recipes",
            description="Search recipes by ingredient.",
            arguments={"with": "$ingredient", "diet": "$diet", "max_minutes": "$minutes"},
            results=({"recipes": ["$dish", "tray bake"]}, {"recipes": []}),
        ),
        Tool(
            name="pantry",
            description="List what is at home.",
            arguments={},
            results=({"pantry": ["oil", "salt", "flour", "$spice"]},),
        ),
        Tool(
            name="shopping_list",
            description="Write to the shopping list.",
            arguments={"add": ["tomatoes", "lemon"]},
            results=({"items": 7},),
        ),
    ),
)
