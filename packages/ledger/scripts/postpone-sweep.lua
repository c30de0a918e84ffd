-- A stage that works long on a video tells the sweep to look later.
-- ARGV: prefix, id, phase, wake, ms from now
local fields = redis.call('HMGET', key('video:' .. ARGV[2]), 'phase', 'wake')
if fields[1] ~= ARGV[3] or fields[2] ~= ARGV[4] then return reply('stale') end
local due = digits(NOW + tonumber(ARGV[5]))
redis.call('HSET', key('video:' .. ARGV[2]), 'due', due)
enter('due', due, ARGV[2])
return reply('postponed')
