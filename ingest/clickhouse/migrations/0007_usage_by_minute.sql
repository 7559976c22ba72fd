-- The last days at a minute's grain; a day's partition is dropped whole when it is a week old.
CREATE TABLE IF NOT EXISTS usage_by_minute $on_cluster
(
    project_id UUID,
    minute DateTime('UTC'),
    environment LowCardinality(String),
    kind LowCardinality(String),
    provider LowCardinality(String),
    model LowCardinality(String),
    feature LowCardinality(String),
    prompt_name LowCardinality(String),
    prompt_version LowCardinality(String),
    status LowCardinality(String),
    guard_action LowCardinality(String),
    is_root Bool,
    spans SimpleAggregateFunction(sum, UInt64),
    input_tokens SimpleAggregateFunction(sum, UInt64),
    output_tokens SimpleAggregateFunction(sum, UInt64),
    cache_read_tokens SimpleAggregateFunction(sum, UInt64),
    cache_write_tokens SimpleAggregateFunction(sum, UInt64),
    reasoning_tokens SimpleAggregateFunction(sum, UInt64),
    cost_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
    unpriced SimpleAggregateFunction(sum, UInt64),
    refusals SimpleAggregateFunction(sum, UInt64),
    duration AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt64),
    ttft AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Nullable(UInt64)),
    users AggregateFunction(uniqCombined64, String)
)
ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toDate(minute)
ORDER BY (project_id, minute, environment, kind, provider, model, feature, prompt_name, prompt_version, status, guard_action, is_root)
TTL toDateTime(minute) + INTERVAL 8 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS usage_by_minute_from_spans $on_cluster TO usage_by_minute AS
SELECT
    project_id,
    toStartOfMinute(start_time) AS minute,
    environment, kind, provider, model, feature, prompt_name, prompt_version, status, guard_action,
    parent_span_id = '' AS is_root,
    count() AS spans,
    sum(ifNull(spans.input_tokens, 0)) AS input_tokens,
    sum(ifNull(spans.output_tokens, 0)) AS output_tokens,
    sum(ifNull(spans.cache_read_tokens, 0)) AS cache_read_tokens,
    sum(ifNull(spans.cache_write_tokens, 0)) AS cache_write_tokens,
    sum(ifNull(spans.reasoning_tokens, 0)) AS reasoning_tokens,
    sum(toDecimal128(ifNull(spans.cost_usd, 0), 9)) AS cost_usd,
    countIf(kind IN ('llm', 'embedding', 'reranker') AND isNull(spans.cost_usd) AND (status = 'ok' OR isNotNull(spans.output_tokens))) AS unpriced,
    countIf(is_refusal) AS refusals,
    quantilesTDigestState(0.5, 0.95, 0.99)(duration_us) AS duration,
    quantilesTDigestState(0.5, 0.95, 0.99)(ttft_us) AS ttft,
    uniqCombined64StateIf(user_id, user_id != '') AS users
FROM spans
WHERE start_time > now() - INTERVAL 8 DAY
GROUP BY project_id, minute, environment, kind, provider, model, feature, prompt_name, prompt_version, status, guard_action, is_root;
