-- A person stops new intents at every account, or lets them go on. Twice is the same as once: the first one's name stands.
-- ARGV: prefix, pause | resume, who
-- Answer: result (paused | resumed | unchanged)
local pause, what, who = key('submit-pause'), ARGV[2], ARGV[3]
if (redis.call('EXISTS', pause) == 1) == (what == 'pause') then return reply('unchanged') end
if what == 'pause' then
  redis.call('HSET', pause, 'at', digits(NOW), 'by', who)
else
  redis.call('DEL', pause)
  -- Whoever waits for a place asks again.
  announcePlace('')
end
audit(who, what .. '-submit', { id = '' })
return reply(what .. 'd')
