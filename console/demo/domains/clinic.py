"""A clinic's front desk: appointments and preparation, never diagnoses."""

from console.demo.domain import Domain, Tool, Topic

CLINIC = Domain(
    name="clinic",
    service="lakeside-frontdesk",
    assistant="Frontdesk",
    feature_chat="patient-chat",
    feature_search="leaflet-search",
    feature_agent="appointments",
    instructions=(
        "You are the front desk of Lakeside Clinic. Arrange appointments and explain how to prepare. Give no diagnosis"
        " and no advice on doses. In an emergency name the number 112.",
        "You are the front desk of Lakeside Clinic. Arrange appointments and explain how to prepare, in plain words. Give"
        " no diagnosis and no advice on doses; a nurse calls back instead. In an emergency name the number 112 first.",
    ),
    slots={
        "examination": ("blood test", "ultrasound", "MRI scan", "allergy test", "eye examination"),
        "doctor": ("Dr Okafor", "Dr Lindqvist", "Dr Moreau", "Dr Petrenko"),
        "slot": ("Tuesday at 8:20", "Wednesday at 14:10", "Thursday at 9:40", "Friday at 11:00"),
        "complaint": ("a sore knee", "a rash", "headaches in the morning", "a cough that does not stop"),
        "medicine": ("blood thinners", "antihistamines", "thyroid tablets", "insulin"),
        "hours": ("four", "six", "eight", "twelve"),
    },
    topics=(
        Topic(
            name="appointments",
            questions=(
                "I need an appointment for a $examination with $doctor.",
                "can I move my appointment on $slot?",
                "I have $complaint. Who should I see?",
                "how soon can I come in with $complaint?",
            ),
            answers=(
                "$doctor has $slot free for a $examination. It takes about half an hour. Shall I book it, and do you need a"
                " reminder the day before?",
                "I have moved you to $slot with $doctor. Please bring your insurance card and a list of what you take.",
                "For $complaint I would book you with $doctor, $slot. If it gets worse suddenly or you have trouble"
                " breathing, call 112.",
            ),
            follow_ups=(
                (
                    "earlier is not possible?",
                    "I have put you on the waiting list; we call when something before $slot becomes free. That happens to about one in three.",
                ),
                (
                    "do I need a referral?",
                    "Not for $doctor. For an MRI scan yes; your family doctor can send it to us directly.",
                ),
                (
                    "can my daughter come with me?",
                    "Of course. Only for the examination itself she waits outside.",
                ),
            ),
            documents=(
                (
                    "Appointments",
                    "Cancel at least 24 hours before. Bring the insurance card and a list of medicines. Waiting list: we call from 7:30.",
                ),
            ),
        ),
        Topic(
            name="preparation",
            questions=(
                "may I eat before the $examination?",
                "I take $medicine. Do I stop before the $examination?",
                "how long does a $examination take and does it hurt?",
                "what should I bring to the $examination?",
            ),
            answers=(
                "Please eat nothing for $hours hours before the $examination; water is fine. If you get dizzy easily, tell us"
                " and you come first in the morning.",
                "I cannot advise on $medicine. A nurse calls you back today and tells you what to do before the"
                " $examination. Please do not change anything before that.",
                "The $examination takes about twenty minutes and does not hurt; lying still is the hardest part. The result"
                " is discussed with $doctor a few days later.",
            ),
            follow_ups=(
                (
                    "can I drive afterwards?",
                    "Yes, unless you get eye drops or something to calm you. Then please have someone fetch you.",
                ),
                (
                    "when do I get the result?",
                    "Within three working days, in the portal. $doctor calls if something has to be discussed sooner.",
                ),
            ),
            documents=(
                (
                    "Leaflet: $examination",
                    "Nothing to eat for $hours hours, water is allowed. Tell us about $medicine, implants and allergies. Duration: about twenty minutes.",
                ),
                (
                    "Leaflet: medicines",
                    "Never stop a medicine by yourself before an examination. A nurse calls back on the same day.",
                ),
            ),
        ),
        Topic(
            name="results",
            questions=(
                "are the results of my $examination there?",
                "what does a raised value in the $examination mean?",
                "can you send my results to $doctor?",
                "how many tablets of $medicine should I take now?",
            ),
            answers=(
                "The results of the $examination came in this morning and are in the portal. $doctor has time to go through"
                " them with you on $slot.",
                "I am not able to interpret results. Many values are raised for harmless reasons; $doctor explains it on the"
                " phone, and I have asked for a call today.",
                "I can't give advice on doses. A nurse calls you within the hour; if you feel unwell now, please call 112.",
            ),
            follow_ups=(
                (
                    "should I be worried?",
                    "I understand that waiting is hard. What is urgent is called out by the laboratory at once, and that did not happen here.",
                ),
                (
                    "where is the portal?",
                    "The link is on your appointment card. The first sign-in needs the code that we sent by letter.",
                ),
            ),
            documents=(
                (
                    "Results",
                    "Results are in the portal within three working days. Urgent ones are called in by the laboratory on the same day.",
                ),
            ),
        ),
    ),
    tools=(
        Tool(
            name="free_slots",
            description="List free appointments.",
            arguments={"doctor": "$doctor", "for": "$examination"},
            results=({"doctor": "$doctor", "slots": ["$slot"]}, {"doctor": "$doctor", "slots": []}),
        ),
        Tool(
            name="book",
            description="Book an appointment.",
            arguments={"doctor": "$doctor", "slot": "$slot"},
            results=({"booked": "$slot", "with": "$doctor"},),
        ),
        Tool(
            name="ask_nurse",
            description="Ask a nurse to call back.",
            arguments={"about": "$medicine"},
            results=({"callback": "today", "within_hours": 2},),
        ),
    ),
)
