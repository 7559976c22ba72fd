-- Generated: what the migrations add up to. See ingest/clickhouse/schema.py for how to write it anew.

CREATE TABLE guard_events
(
    `id` UUID,
    `project_id` UUID,
    `trace_id` String,
    `span_id` String,
    `at` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `policy_id` UUID,
    `policy_name` LowCardinality(String),
    `policy_version` UInt32,
    `guard` LowCardinality(String),
    `guard_kind` LowCardinality(String),
    `place` LowCardinality(String),
    `action` LowCardinality(String),
    `is_shadow` Bool,
    `error` LowCardinality(String),
    `entities` Map(LowCardinality(String), UInt32),
    `score` Nullable(Float64),
    `duration_us` UInt64 CODEC(T64, ZSTD(1)),
    `is_streamed` Bool,
    `environment` LowCardinality(String),
    `route` LowCardinality(String),
    `model` LowCardinality(String),
    `entity_scores` Map(LowCardinality(String), Float64),
    `held_us` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `canary` LowCardinality(String),
    `scope` LowCardinality(String),
    `api_key_id` Nullable(UUID),
    `fingerprints` Array(String),
    `escalation_id` Nullable(UUID),
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (project_id, at, id)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE guard_events_by_hour
(
    `project_id` UUID,
    `hour` DateTime('UTC'),
    `environment` LowCardinality(String),
    `guard` LowCardinality(String),
    `guard_kind` LowCardinality(String),
    `policy_version` UInt32,
    `place` LowCardinality(String),
    `action` LowCardinality(String),
    `is_shadow` Bool,
    `has_failed` Bool,
    `events` SimpleAggregateFunction(sum, UInt64),
    `found` SimpleAggregateFunction(sum, UInt64),
    `entities` SimpleAggregateFunction(sumMap, Map(String, UInt64)),
    `duration` AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project_id, hour, environment, guard, guard_kind, policy_version, place, action, is_shadow, has_failed)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE messages
(
    `project_id` UUID,
    `trace_id` String,
    `hash` UInt128,
    `role` LowCardinality(String),
    `text` String CODEC(ZSTD(3)),
    `body` String CODEC(ZSTD(3)),
    `start_time` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    INDEX by_words text TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lower(text)) GRANULARITY 100000000
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(start_time)
ORDER BY (project_id, trace_id, hash)
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;

CREATE TABLE scores
(
    `id` UUID,
    `project_id` UUID,
    `name` LowCardinality(String),
    `evaluator` LowCardinality(String),
    `version` LowCardinality(String),
    `target_kind` LowCardinality(String),
    `trace_id` String,
    `span_id` String,
    `session_id` String,
    `state` LowCardinality(String),
    `value` Nullable(Float64) CODEC(ZSTD(1)),
    `label` LowCardinality(String),
    `reason` String CODEC(ZSTD(3)),
    `source` LowCardinality(String),
    `author` LowCardinality(String),
    `rule_id` Nullable(UUID),
    `run_id` Nullable(UUID),
    `probability` Float64,
    `cost_usd` Nullable(Decimal(18, 9)),
    `duration_us` UInt64,
    `trace_start` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `kind` LowCardinality(String),
    `model` LowCardinality(String),
    `prompt_name` LowCardinality(String),
    `prompt_version` LowCardinality(String),
    `environment` LowCardinality(String),
    `scored_at` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(scored_at)
PARTITION BY toYYYYMM(trace_start)
ORDER BY (project_id, name, trace_start, id)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE sketches
(
    `project_id` UUID,
    `series` LowCardinality(String),
    `hour` DateTime('UTC'),
    `environment` LowCardinality(String),
    `model` LowCardinality(String),
    `prompt_name` LowCardinality(String),
    `block` UInt8,
    `bins` SimpleAggregateFunction(sumMap, Map(Int32, UInt64)),
    `observations` SimpleAggregateFunction(sum, UInt64),
    `total` SimpleAggregateFunction(sum, Float64),
    `total_of_squares` SimpleAggregateFunction(sum, Float64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project_id, series, hour, environment, model, prompt_name, block)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE spans
(
    `project_id` UUID,
    `trace_id` String,
    `span_id` String,
    `parent_span_id` String,
    `name` LowCardinality(String),
    `kind` LowCardinality(String),
    `source` LowCardinality(String),
    `start_time` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `duration_us` UInt64 CODEC(T64, ZSTD(1)),
    `ttft_us` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `overhead_us` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `status` LowCardinality(String),
    `status_message` String CODEC(ZSTD(1)),
    `error_type` LowCardinality(String),
    `http_status` Nullable(UInt16),
    `environment` LowCardinality(String),
    `service` LowCardinality(String),
    `release` LowCardinality(String),
    `session_id` String,
    `user_id` String,
    `feature` LowCardinality(String),
    `prompt_name` LowCardinality(String),
    `prompt_version` LowCardinality(String),
    `tags` Array(LowCardinality(String)),
    `attributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `provider` LowCardinality(String),
    `route` LowCardinality(String),
    `api_key_id` Nullable(UUID),
    `model_requested` LowCardinality(String),
    `model` LowCardinality(String),
    `service_tier` LowCardinality(String),
    `is_streamed` Bool,
    `attempts` UInt8,
    `cache_status` LowCardinality(String),
    `finish_reason` LowCardinality(String),
    `is_refusal` Bool,
    `guard_action` LowCardinality(String),
    `input_tokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `output_tokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `cache_read_tokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `cache_write_tokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `reasoning_tokens` Nullable(UInt64) CODEC(T64, ZSTD(1)),
    `usage_source` LowCardinality(String),
    `usage_raw` String CODEC(ZSTD(1)),
    `cost_usd` Nullable(Decimal(18, 9)),
    `input_cost_usd` Nullable(Decimal(18, 9)),
    `output_cost_usd` Nullable(Decimal(18, 9)),
    `unit_prices` String CODEC(ZSTD(1)),
    `price_source` LowCardinality(String),
    `price_version` LowCardinality(String),
    `request` String CODEC(ZSTD(3)),
    `input_preview` String CODEC(ZSTD(3)),
    `output_preview` String CODEC(ZSTD(3)),
    `input_roles` Array(LowCardinality(String)),
    `input_hashes` Array(UInt128),
    `output_roles` Array(LowCardinality(String)),
    `output_hashes` Array(UInt128),
    `ingested_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_user user_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_attribute mapValues(attributes) TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(ingested_at)
PARTITION BY toYYYYMM(start_time)
ORDER BY (project_id, start_time, span_id)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE trace_index
(
    `project_id` UUID,
    `trace_id` String,
    `min_start` SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    `max_start` SimpleAggregateFunction(max, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (project_id, trace_id)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE usage_by_hour
(
    `project_id` UUID,
    `hour` DateTime('UTC'),
    `environment` LowCardinality(String),
    `kind` LowCardinality(String),
    `provider` LowCardinality(String),
    `model` LowCardinality(String),
    `feature` LowCardinality(String),
    `prompt_name` LowCardinality(String),
    `prompt_version` LowCardinality(String),
    `status` LowCardinality(String),
    `guard_action` LowCardinality(String),
    `is_root` Bool,
    `spans` SimpleAggregateFunction(sum, UInt64),
    `input_tokens` SimpleAggregateFunction(sum, UInt64),
    `output_tokens` SimpleAggregateFunction(sum, UInt64),
    `cache_read_tokens` SimpleAggregateFunction(sum, UInt64),
    `cache_write_tokens` SimpleAggregateFunction(sum, UInt64),
    `reasoning_tokens` SimpleAggregateFunction(sum, UInt64),
    `cost_usd` SimpleAggregateFunction(sum, Decimal(38, 9)),
    `unpriced` SimpleAggregateFunction(sum, UInt64),
    `refusals` SimpleAggregateFunction(sum, UInt64),
    `duration` AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt64),
    `ttft` AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Nullable(UInt64)),
    `users` AggregateFunction(uniqCombined64, String)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project_id, hour, environment, kind, provider, model, feature, prompt_name, prompt_version, status, guard_action, is_root)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE usage_by_minute
(
    `project_id` UUID,
    `minute` DateTime('UTC'),
    `environment` LowCardinality(String),
    `kind` LowCardinality(String),
    `provider` LowCardinality(String),
    `model` LowCardinality(String),
    `feature` LowCardinality(String),
    `prompt_name` LowCardinality(String),
    `prompt_version` LowCardinality(String),
    `status` LowCardinality(String),
    `guard_action` LowCardinality(String),
    `is_root` Bool,
    `spans` SimpleAggregateFunction(sum, UInt64),
    `input_tokens` SimpleAggregateFunction(sum, UInt64),
    `output_tokens` SimpleAggregateFunction(sum, UInt64),
    `cache_read_tokens` SimpleAggregateFunction(sum, UInt64),
    `cache_write_tokens` SimpleAggregateFunction(sum, UInt64),
    `reasoning_tokens` SimpleAggregateFunction(sum, UInt64),
    `cost_usd` SimpleAggregateFunction(sum, Decimal(38, 9)),
    `unpriced` SimpleAggregateFunction(sum, UInt64),
    `refusals` SimpleAggregateFunction(sum, UInt64),
    `duration` AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt64),
    `ttft` AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Nullable(UInt64)),
    `users` AggregateFunction(uniqCombined64, String)
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(minute)
ORDER BY (project_id, minute, environment, kind, provider, model, feature, prompt_name, prompt_version, status, guard_action, is_root)
TTL toDateTime(minute) + toIntervalDay(8)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE usage_by_user
(
    `project_id` UUID,
    `day` Date,
    `user_id` String,
    `feature` LowCardinality(String),
    `prompt_name` LowCardinality(String),
    `model` LowCardinality(String),
    `api_key_id` Nullable(UUID),
    `calls` SimpleAggregateFunction(sum, UInt64),
    `input_tokens` SimpleAggregateFunction(sum, UInt64),
    `output_tokens` SimpleAggregateFunction(sum, UInt64),
    `cost_usd` SimpleAggregateFunction(sum, Decimal(38, 9)),
    `unpriced` SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (project_id, day, user_id, feature, prompt_name, model, api_key_id)
SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE MATERIALIZED VIEW guard_events_by_hour_from_events TO guard_events_by_hour
(
    `project_id` UUID,
    `hour` DateTime('UTC'),
    `environment` LowCardinality(String),
    `guard` LowCardinality(String),
    `guard_kind` LowCardinality(String),
    `policy_version` UInt32,
    `place` LowCardinality(String),
    `action` LowCardinality(String),
    `is_shadow` Bool,
    `has_failed` LowCardinality(UInt8),
    `events` UInt64,
    `found` UInt64,
    `entities` Map(String, UInt64),
    `duration` AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt64)
)
AS SELECT
    project_id,
    toStartOfHour(at) AS hour,
    environment,
    guard,
    guard_kind,
    policy_version,
    place,
    action,
    is_shadow,
    error != '' AS has_failed,
    count() AS events,
    countIf(notEmpty(guard_events.entities)) AS found,
    sumMap(CAST(guard_events.entities, 'Map(String, UInt64)')) AS entities,
    quantilesTDigestState(0.5, 0.95, 0.99)(duration_us) AS duration
FROM guard_events
GROUP BY
    project_id,
    hour,
    environment,
    guard,
    guard_kind,
    policy_version,
    place,
    action,
    is_shadow,
    has_failed;

CREATE MATERIALIZED VIEW sketches_from_spans TO sketches
(
    `project_id` UUID,
    `series` String,
    `hour` DateTime('UTC'),
    `environment` LowCardinality(String),
    `model` LowCardinality(String),
    `prompt_name` LowCardinality(String),
    `block` UInt8,
    `bins` Map(Int32, UInt64),
    `observations` UInt64,
    `total` Float64,
    `total_of_squares` Float64
)
AS SELECT
    project_id,
    series,
    toStartOfHour(start_time) AS hour,
    environment,
    model,
    prompt_name,
    toUInt8(cityHash64(if(session_id = '', trace_id, session_id)) % 8) AS block,
    sumMap(map(toInt32(if(assumeNotNull(observed) <= 0, 0, 1000 + ceil(log(assumeNotNull(observed)) / log(1.02)))), toUInt64(1))) AS bins,
    count() AS observations,
    sum(assumeNotNull(observed)) AS total,
    sum(assumeNotNull(observed) * assumeNotNull(observed)) AS total_of_squares
FROM spans
ARRAY JOIN
    ['latency_ms', 'cost_usd', 'output_tokens', 'refusal_rate'] AS series,
    [toNullable(duration_us / 1000), toFloat64(spans.cost_usd), toFloat64(spans.output_tokens), toNullable(toFloat64(is_refusal))] AS observed
WHERE (kind = 'llm') AND (status = 'ok') AND isNotNull(observed)
GROUP BY
    project_id,
    series,
    hour,
    environment,
    model,
    prompt_name,
    block;

CREATE MATERIALIZED VIEW trace_index_from_spans TO trace_index
(
    `project_id` UUID,
    `trace_id` String,
    `min_start` DateTime64(6, 'UTC'),
    `max_start` DateTime64(6, 'UTC')
)
AS SELECT
    project_id,
    trace_id,
    min(start_time) AS min_start,
    max(start_time) AS max_start
FROM spans
GROUP BY
    project_id,
    trace_id;

CREATE MATERIALIZED VIEW usage_by_hour_from_spans TO usage_by_hour
(
    `project_id` UUID,
    `hour` DateTime('UTC'),
    `environment` LowCardinality(String),
    `kind` LowCardinality(String),
    `provider` LowCardinality(String),
    `model` LowCardinality(String),
    `feature` LowCardinality(String),
    `prompt_name` LowCardinality(String),
    `prompt_version` LowCardinality(String),
    `status` LowCardinality(String),
    `guard_action` LowCardinality(String),
    `is_root` UInt8,
    `spans` UInt64,
    `input_tokens` UInt64,
    `output_tokens` UInt64,
    `cache_read_tokens` UInt64,
    `cache_write_tokens` UInt64,
    `reasoning_tokens` UInt64,
    `cost_usd` Decimal(38, 9),
    `unpriced` UInt64,
    `refusals` UInt64,
    `duration` AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt64),
    `ttft` AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Nullable(UInt64)),
    `users` AggregateFunction(uniqCombined64, String)
)
AS SELECT
    project_id,
    toStartOfHour(start_time) AS hour,
    environment,
    kind,
    provider,
    model,
    feature,
    prompt_name,
    prompt_version,
    status,
    guard_action,
    parent_span_id = '' AS is_root,
    count() AS spans,
    sum(ifNull(spans.input_tokens, 0)) AS input_tokens,
    sum(ifNull(spans.output_tokens, 0)) AS output_tokens,
    sum(ifNull(spans.cache_read_tokens, 0)) AS cache_read_tokens,
    sum(ifNull(spans.cache_write_tokens, 0)) AS cache_write_tokens,
    sum(ifNull(spans.reasoning_tokens, 0)) AS reasoning_tokens,
    sum(toDecimal128(ifNull(spans.cost_usd, 0), 9)) AS cost_usd,
    countIf((kind IN ('llm', 'embedding', 'reranker')) AND isNull(spans.cost_usd) AND ((status = 'ok') OR isNotNull(spans.output_tokens))) AS unpriced,
    countIf(is_refusal) AS refusals,
    quantilesTDigestState(0.5, 0.95, 0.99)(duration_us) AS duration,
    quantilesTDigestState(0.5, 0.95, 0.99)(ttft_us) AS ttft,
    uniqCombined64StateIf(user_id, user_id != '') AS users
FROM spans
GROUP BY
    project_id,
    hour,
    environment,
    kind,
    provider,
    model,
    feature,
    prompt_name,
    prompt_version,
    status,
    guard_action,
    is_root;

CREATE MATERIALIZED VIEW usage_by_minute_from_spans TO usage_by_minute
(
    `project_id` UUID,
    `minute` DateTime('UTC'),
    `environment` LowCardinality(String),
    `kind` LowCardinality(String),
    `provider` LowCardinality(String),
    `model` LowCardinality(String),
    `feature` LowCardinality(String),
    `prompt_name` LowCardinality(String),
    `prompt_version` LowCardinality(String),
    `status` LowCardinality(String),
    `guard_action` LowCardinality(String),
    `is_root` UInt8,
    `spans` UInt64,
    `input_tokens` UInt64,
    `output_tokens` UInt64,
    `cache_read_tokens` UInt64,
    `cache_write_tokens` UInt64,
    `reasoning_tokens` UInt64,
    `cost_usd` Decimal(38, 9),
    `unpriced` UInt64,
    `refusals` UInt64,
    `duration` AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt64),
    `ttft` AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Nullable(UInt64)),
    `users` AggregateFunction(uniqCombined64, String)
)
AS SELECT
    project_id,
    toStartOfMinute(start_time) AS minute,
    environment,
    kind,
    provider,
    model,
    feature,
    prompt_name,
    prompt_version,
    status,
    guard_action,
    parent_span_id = '' AS is_root,
    count() AS spans,
    sum(ifNull(spans.input_tokens, 0)) AS input_tokens,
    sum(ifNull(spans.output_tokens, 0)) AS output_tokens,
    sum(ifNull(spans.cache_read_tokens, 0)) AS cache_read_tokens,
    sum(ifNull(spans.cache_write_tokens, 0)) AS cache_write_tokens,
    sum(ifNull(spans.reasoning_tokens, 0)) AS reasoning_tokens,
    sum(toDecimal128(ifNull(spans.cost_usd, 0), 9)) AS cost_usd,
    countIf((kind IN ('llm', 'embedding', 'reranker')) AND isNull(spans.cost_usd) AND ((status = 'ok') OR isNotNull(spans.output_tokens))) AS unpriced,
    countIf(is_refusal) AS refusals,
    quantilesTDigestState(0.5, 0.95, 0.99)(duration_us) AS duration,
    quantilesTDigestState(0.5, 0.95, 0.99)(ttft_us) AS ttft,
    uniqCombined64StateIf(user_id, user_id != '') AS users
FROM spans
WHERE start_time > (now() - toIntervalDay(8))
GROUP BY
    project_id,
    minute,
    environment,
    kind,
    provider,
    model,
    feature,
    prompt_name,
    prompt_version,
    status,
    guard_action,
    is_root;

CREATE MATERIALIZED VIEW usage_by_user_from_spans TO usage_by_user
(
    `project_id` UUID,
    `day` Date,
    `user_id` String,
    `feature` LowCardinality(String),
    `prompt_name` LowCardinality(String),
    `model` LowCardinality(String),
    `api_key_id` Nullable(UUID),
    `calls` UInt64,
    `input_tokens` UInt64,
    `output_tokens` UInt64,
    `cost_usd` Decimal(38, 9),
    `unpriced` UInt64
)
AS SELECT
    project_id,
    toDate(start_time) AS day,
    user_id,
    feature,
    prompt_name,
    model,
    api_key_id,
    countIf(kind IN ('llm', 'embedding', 'reranker')) AS calls,
    sum(ifNull(spans.input_tokens, 0)) AS input_tokens,
    sum(ifNull(spans.output_tokens, 0)) AS output_tokens,
    sum(toDecimal128(ifNull(spans.cost_usd, 0), 9)) AS cost_usd,
    countIf((kind IN ('llm', 'embedding', 'reranker')) AND isNull(spans.cost_usd) AND ((status = 'ok') OR isNotNull(spans.output_tokens))) AS unpriced
FROM spans
WHERE (kind IN ('llm', 'embedding', 'reranker')) OR isNotNull(spans.cost_usd)
GROUP BY
    project_id,
    day,
    user_id,
    feature,
    prompt_name,
    model,
    api_key_id;
