-- What a guard held for a person is known again by keyed fingerprints, and what a person let pass names the escalation.
ALTER TABLE guard_events $on_cluster ADD COLUMN IF NOT EXISTS fingerprints Array(String);

ALTER TABLE guard_events $on_cluster ADD COLUMN IF NOT EXISTS escalation_id Nullable(UUID);
