-- The sweep's second half: claims up to so many deliveries whose job seems lost, and says which to wake.
-- ARGV: prefix, most, again ms (doubled with each claim in a row, up to 256 times: where nobody delivers, few jobs pile up)
-- Answer: flat list of id, number of the delivery, wake.
local woken = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', key('outbox'), '-inf', NOW, 'LIMIT', 0, tonumber(ARGV[2]))) do
  local row = key('delivery:' .. name)
  local fields = redis.call('HMGET', row, 'video', 'number', 'state', 'claims')
  local id = fields[1]
  if not id or fields[3] ~= 'pending' or redis.call('EXISTS', key('video:' .. id)) == 0 then
    redis.call('ZREM', key('outbox'), name)
  else
    local claims = tonumber(fields[4]) or 0
    -- A number of its own for the new job's id; older jobs of this delivery are out of date.
    local wake = digits(redis.call('HINCRBY', key('video:' .. id), 'rev', 1))
    redis.call('HSET', row, 'wake', wake, 'claims', claims + 1)
    redis.call('ZADD', key('outbox'), digits(NOW + tonumber(ARGV[3]) * 2 ^ math.min(claims, 8)), name)
    for _, word in ipairs({ id, fields[2], wake }) do woken[#woken + 1] = word end
  end
end
return woken
