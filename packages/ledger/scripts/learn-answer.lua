-- What became of one POST (rules 2 to 5 and 14), told by its own answer or by a callback.
-- ARGV: prefix, id, attempt, secret, fact, task, first look ms, lease ms, backoff ms, grace ms,
--       failure code, failure class, failure message, account, throttled (0|1), retry after ms ('' = not said)
--   fact: accepted | refused_for_now | refused | not_sent | unknown
local record = load(ARGV[2])
if not record then return reply('no_record') end
local n, secret, fact, task = tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local dueMs, leaseMs = tonumber(ARGV[7]), tonumber(ARGV[8])
local options = {
  backoffMs = tonumber(ARGV[9]), graceMs = tonumber(ARGV[10]), budgetMicros = -1, mayRetry = false,
  dueMs = dueMs, leaseMs = leaseMs, throttled = ARGV[15] == '1', retryAfterMs = ARGV[16],
  failure = { code = ARGV[11], class = ARGV[12], message = ARGV[13] },
}

local outcome
if n > num(record, 'attempts') or get(record, of(n, 'secret')) ~= secret then
  -- An attempt this Redis does not know: a power cut has rolled its intent back.
  if fact ~= 'accepted' then return reply('stale', record) end
  if attemptOfTask(record, task) then return reply('known', record) end
  local isNext = n == num(record, 'attempts') + 1
  if phase(record) == 'queued' and isNext and get(record, 'stray:' .. task) == '' then
    if redis.call('EXISTS', key('task:' .. task)) == 1 then return reply('task_elsewhere', record) end
    openAttempt(record, ARGV[14], secret, 'open')
    learnAccepted(record, n, task, options)
    outcome = 'restored'
  else
    local owner = redis.call('GET', key('task:' .. task))
    if owner and string.match(owner, '^(.*)#%d+$') ~= record.id then return reply('task_elsewhere', record) end
    if get(record, 'stray:' .. task) ~= '' then return reply('known', record) end
    redis.call('SET', key('task:' .. task), record.id .. '#' .. digits(n))
    addStray(record, task)
    outcome = 'stray'
  end
elseif fact == 'accepted' then
  outcome = learnAccepted(record, n, task, options)
  if outcome == 'task_elsewhere' then return reply(outcome, record) end
elseif fact == 'unknown' then
  outcome = learnUnknown(record, n)
else
  outcome = learnRefused(record, n, fact, options)
end
if next(record.changed) == nil or outcome == 'stale' then return reply(outcome, record) end
-- What the ledger of charges says of the attempt. A stray is nobody's attempt, and what was known already is no news.
local words = {
  accepted = 'accepted', accepted_after_refusal = 'accepted', restored = 'accepted', rebound = 'accepted', swapped = 'accepted',
  extra = 'extra', unconfirmed = 'unknown', noted = 'unknown', refused = fact,
}
if words[outcome] then
  set(record, of(n, 'outcome'), words[outcome])
  set(record, of(n, 'answered'), NOW)
end
if fact == 'accepted' then watchExtras(record, dueMs) end
-- A provider whose 5xx was an acceptance is not believed again.
if outcome == 'accepted_after_refusal' then redis.call('HSET', key('account:' .. get(record, of(n, 'account'))), 'strict', 1) end
save(record, outcome, { 'attempt', digits(n), 'task', task })
return reply(outcome, record)
