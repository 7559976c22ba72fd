-- Who is charged for what, per day: people, features and prompts, without reading a span.
CREATE TABLE IF NOT EXISTS usage_by_user $on_cluster
(
    project_id UUID,
    day Date,
    user_id String,
    feature LowCardinality(String),
    prompt_name LowCardinality(String),
    model LowCardinality(String),
    api_key_id Nullable(UUID),
    calls SimpleAggregateFunction(sum, UInt64),
    input_tokens SimpleAggregateFunction(sum, UInt64),
    output_tokens SimpleAggregateFunction(sum, UInt64),
    cost_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
    unpriced SimpleAggregateFunction(sum, UInt64)
)
ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (project_id, day, user_id, feature, prompt_name, model, api_key_id)
SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS usage_by_user_from_spans $on_cluster TO usage_by_user AS
SELECT
    project_id,
    toDate(start_time) AS day,
    user_id, feature, prompt_name, model, api_key_id,
    countIf(kind IN ('llm', 'embedding', 'reranker')) AS calls,
    sum(ifNull(spans.input_tokens, 0)) AS input_tokens,
    sum(ifNull(spans.output_tokens, 0)) AS output_tokens,
    sum(toDecimal128(ifNull(spans.cost_usd, 0), 9)) AS cost_usd,
    countIf(kind IN ('llm', 'embedding', 'reranker') AND isNull(spans.cost_usd) AND (status = 'ok' OR isNotNull(spans.output_tokens))) AS unpriced
FROM spans
WHERE kind IN ('llm', 'embedding', 'reranker') OR isNotNull(spans.cost_usd)
GROUP BY project_id, day, user_id, feature, prompt_name, model, api_key_id;
