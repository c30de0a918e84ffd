-- A person fixes limits while all runs, or gives them back to learning. Who waits for a place asks again.
-- ARGV: prefix, account, JSON of what is fixed, who
local limits = key('limits:' .. ARGV[2])
redis.call('HSET', limits, 'pinned', ARGV[3], 'version', (tonumber(redis.call('HGET', limits, 'version') or '') or 0) + 1)
audit(ARGV[4], 'set-limits', { id = '' }, { 'account', ARGV[2], 'limits', ARGV[3] })
announcePlace(ARGV[2])
return reply('pinned')
