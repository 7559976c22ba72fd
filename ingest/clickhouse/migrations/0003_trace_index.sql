-- Where in time a trace lies, so that reading one never scans the project.
CREATE TABLE IF NOT EXISTS trace_index $on_cluster
(
    project_id UUID,
    trace_id String,
    min_start SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    max_start SimpleAggregateFunction(max, DateTime64(6, 'UTC'))
)
ENGINE = ${replicated}AggregatingMergeTree
ORDER BY (project_id, trace_id)
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS trace_index_from_spans $on_cluster TO trace_index AS
SELECT project_id, trace_id, min(start_time) AS min_start, max(start_time) AS max_start
FROM spans
GROUP BY project_id, trace_id;
