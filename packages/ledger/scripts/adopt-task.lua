-- Rule 12: a person names the task of a video whose answer was lost.
-- ARGV: prefix, id, task, lease ms, who
local record = load(ARGV[2])
if not record then return reply('no_record') end
local task, leaseMs, at = ARGV[3], tonumber(ARGV[4]), phase(record)
if at ~= 'unconfirmed' and at ~= 'queued' and at ~= 'failed' and at ~= 'cancelled' then return reply('stale', record) end
local own = attemptOfTask(record, task)
if own then
  if not isFinal(at) or get(record, own .. '.state') ~= 'accepted' then return reply('known', record) end
  follow(record, own, 0)
else
  local n = lastAttempt(record, function(_, state) return state == 'unknown' end)
  if not n then return reply('no_unknown_attempt', record) end
  local learned = learnAccepted(record, n, task, { leaseMs = leaseMs, dueMs = 0 })
  if learned == 'task_elsewhere' then return reply(learned, record) end
  set(record, n .. '.named', '1')
  set(record, n .. '.outcome', 'adopted')
  if isFinal(phase(record)) then follow(record, n, 0) end
end
save(record, 'adopted', { 'by', ARGV[5], 'task', task })
return reply('adopted', record)
