-- A callback says that the task has news: it is looked at now. Only the look itself moves the video on.
-- ARGV: prefix, id, attempt, secret, task, grace ms
local record = load(ARGV[2])
if not record then return reply('no_record') end
local n = tonumber(ARGV[3])
if phase(record) ~= 'generating' or num(record, 'current') ~= n or get(record, n .. '.secret') ~= ARGV[4]
  or get(record, n .. '.task') ~= ARGV[5] then
  return reply('stale', record)
end
-- No transition: no event, but a new rev, for the new job's id and to make the waiting one stale.
local rev = num(record, 'rev') + 1
local due = NOW + tonumber(ARGV[6])
for field, value in pairs({ rev = rev, wake = rev, due = due }) do set(record, field, value) end
redis.call('HSET', key('video:' .. record.id), 'rev', digits(rev), 'wake', digits(rev), 'due', digits(due))
redis.call('ZADD', key('due'), digits(due), record.id)
return reply('hurried', record)
