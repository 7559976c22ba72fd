-- A message is stored once per trace, however often an agent repeats its history; spans refer to it by hash.
CREATE TABLE IF NOT EXISTS messages $on_cluster
(
    project_id UUID,
    trace_id String,
    hash UInt128,
    role LowCardinality(String),
    text String CODEC(ZSTD(3)),
    body String CODEC(ZSTD(3)),
    start_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    INDEX by_words text TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lower(text))
)
ENGINE = ${replicated}ReplacingMergeTree
PARTITION BY toYYYYMM(start_time)
ORDER BY (project_id, trace_id, hash)
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;
