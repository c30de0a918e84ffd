-- A callback says that the task has news: it is looked at now. Only the look itself moves the video on.
-- ARGV: prefix, id, attempt, secret, task, grace ms
local record = load(ARGV[2])
if not record then return reply('no_record') end
local n = tonumber(ARGV[3])
if phase(record) ~= 'generating' or num(record, 'current') ~= n or get(record, of(n, 'secret')) ~= ARGV[4]
  or get(record, of(n, 'task')) ~= ARGV[5] then
  return reply('stale', record)
end
rewake(record, NOW + tonumber(ARGV[6]))
return reply('hurried', record)
