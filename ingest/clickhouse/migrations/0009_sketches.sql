-- Hourly log-histograms of what may drift, in eight blocks by session so that a permutation test keeps sessions whole.
CREATE TABLE IF NOT EXISTS sketches $on_cluster
(
    project_id UUID,
    series LowCardinality(String),
    hour DateTime('UTC'),
    environment LowCardinality(String),
    model LowCardinality(String),
    prompt_name LowCardinality(String),
    block UInt8,
    bins SimpleAggregateFunction(sumMap, Map(Int32, UInt64)),
    observations SimpleAggregateFunction(sum, UInt64),
    total SimpleAggregateFunction(sum, Float64),
    total_of_squares SimpleAggregateFunction(sum, Float64)
)
ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project_id, series, hour, environment, model, prompt_name, block)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;

-- A bin's index is 0 for 0 and 1000 + ceil(ln x / ln 1.02) above it: two per cent wide at every magnitude.
CREATE MATERIALIZED VIEW IF NOT EXISTS sketches_from_spans $on_cluster TO sketches AS
SELECT
    project_id,
    series,
    toStartOfHour(start_time) AS hour,
    environment, model, prompt_name,
    toUInt8(cityHash64(if(session_id = '', trace_id, session_id)) % 8) AS block,
    sumMap(map(toInt32(if(assumeNotNull(observed) <= 0, 0, 1000 + ceil(log(assumeNotNull(observed)) / log(1.02)))), toUInt64(1))) AS bins,
    count() AS observations,
    sum(assumeNotNull(observed)) AS total,
    sum(assumeNotNull(observed) * assumeNotNull(observed)) AS total_of_squares
FROM spans
ARRAY JOIN
    ['latency_ms', 'cost_usd', 'output_tokens', 'refusal_rate'] AS series,
    [
        toNullable(duration_us / 1000),
        toFloat64(spans.cost_usd),
        toFloat64(spans.output_tokens),
        toNullable(toFloat64(is_refusal))
    ] AS observed
WHERE kind = 'llm' AND status = 'ok' AND isNotNull(observed)
GROUP BY project_id, series, hour, environment, model, prompt_name, block;
