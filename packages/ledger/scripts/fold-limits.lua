-- What was learned of an account, written where nobody claims: only onto the state that was read.
-- ARGV: prefix, account, version, state, notes that are folded into it
local limits = key('limits:' .. ARGV[2])
if (redis.call('HGET', limits, 'version') or '') ~= ARGV[3] then return reply('conflict') end
redis.call('HSET', limits, 'state', ARGV[4], 'version', (tonumber(ARGV[3]) or 0) + 1)
redis.call('LTRIM', key('limit-notes:' .. ARGV[2]), tonumber(ARGV[5]), -1)
return reply('folded')
