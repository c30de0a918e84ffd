-- What statusTask said of one attempt's task (rule 8).
-- ARGV: prefix, id, attempt, secret, task, report, provider state, next look ms, grace ms, late (0|1),
--       result URLs JSON, failure code, class, message, may retry (0|1), bill failed tasks (0|1), backoff ms,
--       budget micros, looks failed
--   report: running | succeeded | failed | lost
local record = load(ARGV[2])
if not record then return reply('no_record') end
local n, secret, task, report = tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local nextLookMs, graceMs = tonumber(ARGV[8]), tonumber(ARGV[9])
local state = get(record, of(n, 'state'))
if n > num(record, 'attempts') or get(record, of(n, 'secret')) ~= secret or get(record, of(n, 'task')) ~= task
  or (state ~= 'accepted' and state ~= 'ended_ok') then
  return reply('stale', record)
end
local carries = phase(record) == 'generating' and num(record, 'current') == n

if report == 'running' then
  if not carries then
    redis.call('ZADD', key('watched'), NOW + nextLookMs, record.id)
    return reply('watched', record)
  end
  local becomesLate = ARGV[10] == '1' and num(record, 'late') == 0
  set(record, 'looks_failed', tonumber(ARGV[19]))
  set(record, 'due', NOW + nextLookMs + graceMs)
  if get(record, 'provider_state') ~= ARGV[7] and ARGV[7] ~= '' then set(record, 'provider_state', ARGV[7]) end
  if becomesLate then
    set(record, 'late', 1)
    redis.call('SADD', key('late'), record.id)
    save(record, 'late')
  else
    -- No transition: nothing to tell anybody, so no event and no new rev.
    redis.call('HSET', key('video:' .. record.id), 'due', get(record, 'due'), 'looks_failed', get(record, 'looks_failed'), 'provider_state', get(record, 'provider_state'))
    enter('due', get(record, 'due'), record.id)
  end
  return reply('running', record)
end

freeLease(record, n)
-- When the end was first seen: the manifest tells it, and a second look at the same end must not change it.
if state == 'accepted' then
  set(record, of(n, 'ended'), NOW)
  -- How long after its time this look came; people are shown it.
  if carries then set(record, of(n, 'lag'), math.max(0, NOW + graceMs - num(record, 'due'))) end
end
if report == 'succeeded' then
  set(record, of(n, 'state'), 'ended_ok')
  keepFiles(record, of(n, 'urls'), ARGV[11])
  if carries then
    set(record, 'provider_state', ARGV[7])
    set(record, 'archiving', NOW)
    set(record, 'archive_tries', 0)
    set(record, 'looks_failed', 0)
    move(record, 'archiving', NOW + graceMs)
  end
else
  set(record, of(n, 'state'), 'ended_bad')
  -- A failed task costs nothing unless the operator says otherwise; a lost one may well have been charged.
  if report == 'failed' and ARGV[16] ~= '1' then setUnit(record, n, 'returned') end
  if carries then
    set(record, 'provider_state', ARGV[7])
    decide(record, 'task_failed', n, {
      mayRetry = ARGV[15] == '1', backoffMs = tonumber(ARGV[17]), graceMs = graceMs, budgetMicros = tonumber(ARGV[18]),
      failure = { code = ARGV[12], class = ARGV[13], message = ARGV[14] },
    })
  end
end
watchExtras(record, nextLookMs)
save(record, 'task_' .. report, { 'attempt', digits(n), 'code', ARGV[12] })
return reply(carries and 'moved' or 'watched', record, {
  'since', digits(NOW - num(record, of(n, 'accepted'))), 'mode', get(record, 'mode'),
  -- Told once: a second look at the same end costs nothing.
  'charged', state == 'accepted' and get(record, of(n, 'unit')) == 'billed' and get(record, of(n, 'price')) or '0',
})
