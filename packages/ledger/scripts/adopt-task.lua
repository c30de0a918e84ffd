-- Rule 12: a person names the task of a video whose answer was lost.
-- ARGV: prefix, id, task, lease ms, who
local record = load(ARGV[2])
if not record then return reply('no_record') end
local task, leaseMs = ARGV[3], tonumber(ARGV[4])
set(record, 'adopt_task', '')
local refusal = adoptionRefusal(record, task)
if refusal then
  redis.call('HSET', key('video:' .. record.id), 'adopt_task', '')
  return reply(refusal, record)
end
local own = attemptOfTask(record, task)
if own then
  follow(record, own, 0)
else
  local n = lastAttempt(record, function(_, state) return state == 'unknown' end)
  learnAccepted(record, n, task, { leaseMs = leaseMs, dueMs = 0 })
  set(record, of(n, 'named'), '1')
  set(record, of(n, 'outcome'), 'adopted')
  if isFinal(phase(record)) then follow(record, n, 0) end
end
save(record, 'adopted', { 'by', ARGV[5], 'task', task })
return reply('adopted', record)
