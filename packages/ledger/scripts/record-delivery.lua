-- What came of an attempt at a delivery. Counted once, whoever else worked on it meanwhile.
-- ARGV: prefix, id, number, attempts recorded before, attempt JSON, verdict, again ms, attempts kept
--   verdict: delivered | given_up | pending (again in that many ms)
local name = ARGV[2] .. '_' .. ARGV[3]
local row = key('delivery:' .. name)
local fields = redis.call('HMGET', row, 'state', 'recorded', 'tries')
if fields[1] ~= 'pending' or (fields[2] or '0') ~= ARGV[4] then return reply('stale') end
local n = tonumber(ARGV[4]) + 1
local verdict = ARGV[6]
redis.call('HSET', row, 'recorded', digits(n), 'attempt:' .. digits(n), ARGV[5], 'state', verdict, 'unfinished', 0, 'claims', 0)
-- A receiver that is replayed to for ever must not grow the row for ever.
if n > tonumber(ARGV[8]) then redis.call('HDEL', row, 'attempt:' .. digits(n - tonumber(ARGV[8]))) end
if verdict == 'delivered' then
  redis.call('ZREM', key('outbox'), name)
else
  redis.call('HSET', row, 'tries', (tonumber(fields[3]) or 0) + 1)
  if verdict == 'pending' then
    local due = NOW + tonumber(ARGV[7])
    redis.call('HSET', row, 'due', digits(due))
    redis.call('ZADD', key('outbox'), digits(due + DELIVERY_GRACE_MS), name)
  else
    redis.call('ZREM', key('outbox'), name)
  end
end
return reply('recorded')
