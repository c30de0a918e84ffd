-- The sweep: claims up to so many overdue records by moving their due time on, and says which to wake.
-- ARGV: prefix, most ids, again ms, turns waiting in the submit queue, queued again ms, grace ms
-- Answer: flat list of id, phase, wake.
local most, againMs, turns, queuedAgainMs = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local woken = {}

local overdue = redis.call('ZRANGEBYSCORE', key('due'), '-inf', NOW, 'LIMIT', 0, most)
if #overdue == 0 then return woken end

-- Turns are interchangeable, so only as many are missing as there are more ready videos than waiting turns.
local ready = redis.call('ZCOUNT', key('later'), '-inf', NOW)
for _, owner in ipairs(redis.call('ZRANGE', key('line'), 0, -1)) do
  ready = ready + redis.call('ZCARD', key('line:' .. owner))
end
local missing = ready - turns

for _, id in ipairs(overdue) do
  local record = load(id)
  if not record or isFinal(phase(record)) then
    redis.call('ZREM', key('due'), id)
  elseif phase(record) == 'submitting' then
    learnUnknown(record, num(record, 'attempts'))
    set(record, num(record, 'attempts') .. '.outcome', 'unknown')
    save(record, 'deadline_passed', { 'attempt', get(record, 'attempts') })
    if num(record, 'due') > 0 then
      for _, word in ipairs({ id, phase(record), get(record, 'wake') }) do woken[#woken + 1] = word end
    else
      for _, word in ipairs({ id, 'unconfirmed', '' }) do woken[#woken + 1] = word end
    end
  else
    local isQueued = phase(record) == 'queued'
    local wakes = not isQueued or missing > 0
    local due = NOW + (isQueued and queuedAgainMs or againMs)
    if wakes then
      if isQueued then missing = missing - 1 end
      set(record, 'due', due)
      -- A wake is no transition: no event, but a new rev, so that the new job's id is new.
      local rev = num(record, 'rev') + 1
      redis.call('HSET', key('video:' .. id), 'rev', digits(rev), 'wake', digits(rev), 'due', digits(due))
      for _, word in ipairs({ id, phase(record), digits(rev) }) do woken[#woken + 1] = word end
    else
      redis.call('HSET', key('video:' .. id), 'due', digits(due))
    end
    redis.call('ZADD', key('due'), due, id)
  end
end
return woken
