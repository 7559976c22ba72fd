-- Take an amount from every limit, or from none of them.
-- KEYS: one per limit. ARGV, four per limit: kind (bucket or budget), capacity, amount, seconds to live.
-- A bucket refills its capacity evenly over a minute; it counts in millionths, so that every number is whole.
-- A budget only fills up; its key names its day.
-- Returns {1, left, ...} or {0, position of the limit that refused, milliseconds to wait, left, ...}.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local left, levels = {}, {}
local refused, wait_ms = 0, 0

for i, key in ipairs(KEYS) do
  local at = (i - 1) * 4
  local kind, capacity, amount = ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  if kind == 'bucket' then
    local full = capacity * 1000000
    local stored = redis.call('HMGET', key, 'level', 'at')
    local level = full
    if stored[1] and stored[2] then
      level = math.min(full, tonumber(stored[1]) + math.floor((now - tonumber(stored[2])) * capacity / 60))
    end
    local missing = amount * 1000000 - level
    if missing > 0 and refused == 0 then
      refused = i
      wait_ms = capacity > 0 and math.ceil(missing * 60 / capacity / 1000) or 60000
    end
    levels[i] = level - amount * 1000000
    left[i] = math.max(0, math.floor(level / 1000000))
  else
    local spent = tonumber(redis.call('GET', key) or '0')
    if (spent + amount > capacity or spent >= capacity) and refused == 0 then
      refused = i
      wait_ms = (86400 - time[1] % 86400) * 1000
    end
    left[i] = math.max(0, capacity - spent)
  end
end

if refused > 0 then
  return {0, refused, wait_ms, unpack(left)}
end
for i, key in ipairs(KEYS) do
  local at = (i - 1) * 4
  local amount, ttl = tonumber(ARGV[at + 3]), ARGV[at + 4]
  if ARGV[at + 1] == 'bucket' then
    redis.call('HSET', key, 'level', string.format('%.0f', levels[i]), 'at', string.format('%.0f', now))
  else
    redis.call('INCRBY', key, string.format('%.0f', amount))
  end
  redis.call('EXPIRE', key, ttl)
  left[i] = math.max(0, left[i] - amount)
end
return {1, unpack(left)}
