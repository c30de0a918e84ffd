-- The sweep: claims up to so many overdue records by moving their due time on, and says which to wake.
-- ARGV: prefix, most ids, again ms, turns waiting in the submit queue, queued again ms
-- Answer: flat list of id, phase, wake.
local most, againMs, turns, queuedAgainMs = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local woken = {}

settle()
local overdue = redis.call('ZRANGEBYSCORE', key('due'), '-inf', NOW, 'LIMIT', 0, most)
if #overdue == 0 then return woken end

-- Turns are interchangeable, so only as many are missing as there are more ready videos than waiting turns.
local ready = redis.call('ZCOUNT', key('later'), '-inf', NOW)
for _, owner in ipairs(redis.call('ZRANGE', key('line'), 0, -1)) do
  ready = ready + redis.call('ZCARD', key('line:' .. owner))
end
local missing = ready - turns

local function tell(record)
  for _, word in ipairs({ record.id, phase(record), get(record, 'wake') }) do woken[#woken + 1] = word end
end

for _, id in ipairs(overdue) do
  local record = load(id)
  if not record or isFinal(phase(record)) then
    leave('due', id)
  elseif phase(record) == 'submitting' then
    passDeadline(record)
    -- This answer names no deliveries; the sweep claims this one next.
    if record.delivery then redis.call('ZADD', key('outbox'), digits(NOW), id .. '_' .. record.delivery) end
    tell(record)
  elseif phase(record) ~= 'queued' then
    rewake(record, NOW + againMs)
    tell(record)
  elseif missing > 0 then
    missing = missing - 1
    rewake(record, NOW + queuedAgainMs)
    tell(record)
  else
    local due = digits(NOW + queuedAgainMs)
    redis.call('HSET', key('video:' .. id), 'due', due)
    enter('due', due, id)
  end
end
return woken
