-- An attempt at a delivery begins. The first body that comes here is the one that all attempts send.
-- ARGV: prefix, id, number, wake, attempts recorded, body, busy ms (for so long the sweep stays away)
local name = ARGV[2] .. '_' .. ARGV[3]
local row = key('delivery:' .. name)
local fields = redis.call('HMGET', row, 'state', 'wake', 'recorded', 'body')
if fields[1] ~= 'pending' or fields[2] ~= ARGV[4] or (fields[3] or '0') ~= ARGV[5] then return reply('stale') end
if not fields[4] then redis.call('HSET', row, 'body', ARGV[6]) end
redis.call('HINCRBY', row, 'unfinished', 1)
redis.call('ZADD', key('outbox'), digits(NOW + tonumber(ARGV[7])), name)
return reply('started', nil, { 'body', fields[4] or ARGV[6] })
