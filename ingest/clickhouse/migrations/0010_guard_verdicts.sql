-- Verdicts that allow are rows too: what each finding scored, how long it was held, and sums by the hour for the pages.
ALTER TABLE guard_events $on_cluster ADD COLUMN IF NOT EXISTS entity_scores Map(LowCardinality(String), Float64);

ALTER TABLE guard_events $on_cluster ADD COLUMN IF NOT EXISTS held_us Nullable(UInt64) CODEC(T64, ZSTD(1));

ALTER TABLE guard_events $on_cluster ADD COLUMN IF NOT EXISTS canary LowCardinality(String);

ALTER TABLE guard_events $on_cluster ADD COLUMN IF NOT EXISTS scope LowCardinality(String);

ALTER TABLE guard_events $on_cluster ADD COLUMN IF NOT EXISTS api_key_id Nullable(UUID);

CREATE TABLE IF NOT EXISTS guard_events_by_hour $on_cluster
(
    project_id UUID,
    hour DateTime('UTC'),
    environment LowCardinality(String),
    guard LowCardinality(String),
    guard_kind LowCardinality(String),
    policy_version UInt32,
    place LowCardinality(String),
    action LowCardinality(String),
    is_shadow Bool,
    has_failed Bool,
    events SimpleAggregateFunction(sum, UInt64),
    found SimpleAggregateFunction(sum, UInt64),
    entities SimpleAggregateFunction(sumMap, Map(String, UInt64)),
    duration AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt64)
)
ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project_id, hour, environment, guard, guard_kind, policy_version, place, action, is_shadow, has_failed)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;

INSERT INTO guard_events_by_hour
SELECT
    project_id,
    toStartOfHour(at) AS hour,
    environment, guard, guard_kind, policy_version, place, action, is_shadow,
    error != '' AS has_failed,
    count() AS events,
    countIf(notEmpty(guard_events.entities)) AS found,
    sumMap(CAST(guard_events.entities, 'Map(String, UInt64)')) AS entities,
    quantilesTDigestState(0.5, 0.95, 0.99)(duration_us) AS duration
FROM guard_events
WHERE (SELECT count() FROM guard_events_by_hour) = 0
GROUP BY project_id, hour, environment, guard, guard_kind, policy_version, place, action, is_shadow, has_failed;

CREATE MATERIALIZED VIEW IF NOT EXISTS guard_events_by_hour_from_events $on_cluster TO guard_events_by_hour AS
SELECT
    project_id,
    toStartOfHour(at) AS hour,
    environment, guard, guard_kind, policy_version, place, action, is_shadow,
    error != '' AS has_failed,
    count() AS events,
    countIf(notEmpty(guard_events.entities)) AS found,
    sumMap(CAST(guard_events.entities, 'Map(String, UInt64)')) AS entities,
    quantilesTDigestState(0.5, 0.95, 0.99)(duration_us) AS duration
FROM guard_events
GROUP BY project_id, hour, environment, guard, guard_kind, policy_version, place, action, is_shadow, has_failed;
