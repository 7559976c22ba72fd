-- Every verdict is a row; the text that led to it is not in it.
CREATE TABLE IF NOT EXISTS guard_events $on_cluster
(
    id UUID,
    project_id UUID,
    trace_id String,
    span_id String,
    at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    policy_id UUID,
    policy_name LowCardinality(String),
    policy_version UInt32,
    guard LowCardinality(String),
    guard_kind LowCardinality(String),
    place LowCardinality(String),
    action LowCardinality(String),
    is_shadow Bool,
    error LowCardinality(String),
    entities Map(LowCardinality(String), UInt32),
    score Nullable(Float64),
    duration_us UInt64 CODEC(T64, ZSTD(1)),
    is_streamed Bool,
    environment LowCardinality(String),
    route LowCardinality(String),
    model LowCardinality(String),
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ${replicated}ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (project_id, at, id)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;
