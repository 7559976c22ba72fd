-- Judgements carry what they judged, so that a dashboard of scores joins nothing.
CREATE TABLE IF NOT EXISTS scores $on_cluster
(
    id UUID,
    project_id UUID,
    name LowCardinality(String),
    evaluator LowCardinality(String),
    version LowCardinality(String),
    target_kind LowCardinality(String),
    trace_id String,
    span_id String,
    session_id String,
    state LowCardinality(String),
    value Nullable(Float64) CODEC(ZSTD(1)),
    label LowCardinality(String),
    reason String CODEC(ZSTD(3)),
    source LowCardinality(String),
    author LowCardinality(String),
    rule_id Nullable(UUID),
    run_id Nullable(UUID),
    probability Float64,
    cost_usd Nullable(Decimal(18, 9)),
    duration_us UInt64,
    trace_start DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String),
    model LowCardinality(String),
    prompt_name LowCardinality(String),
    prompt_version LowCardinality(String),
    environment LowCardinality(String),
    scored_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ${replicated}ReplacingMergeTree(scored_at)
PARTITION BY toYYYYMM(trace_start)
ORDER BY (project_id, name, trace_start, id)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;
