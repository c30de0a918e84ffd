-- The intent (rule 1): the head of the fair line gets a place, a new attempt and a deadline, before any POST.
-- ARGV: prefix, secret, deadline ms, lease ms, budget micros per day (-1 = none), grace ms,
--       then pairs: account, limit of tasks in flight
local secret, deadlineMs, leaseMs, budget = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local graceMs = tonumber(ARGV[6])

local function claimed(record, n, account, strict, calm)
  return reply('claimed', record, {
    'id', record.id, 'attempts', get(record, 'attempts'), 'attempt', digits(n), 'account', account, 'strict', strict,
    'calm', calm and '1' or '', 'order', redis.call('GET', key('order:' .. record.id)),
  })
end

-- The same secret again is this very claim, sent once more by a connection that died before the answer came. A second
-- intent would leave the first one without anybody who posts it.
local earlier = redis.call('GET', key('claim:' .. secret))
if earlier then
  local record = load(earlier)
  local n = record and num(record, 'attempts')
  if not record or get(record, of(n, 'secret')) ~= secret or get(record, of(n, 'state')) ~= 'open' then return reply('idle') end
  local account = get(record, of(n, 'account'))
  return claimed(record, n, account, redis.call('HGET', key('account:' .. account), 'strict') or '', false)
end

if isFirst('later') then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('later'), '-inf', NOW, 'LIMIT', 0, 100)) do
    local fields = redis.call('HMGET', key('video:' .. id), 'owner', 'place')
    redis.call('ZREM', key('later'), id)
    if fields[1] then standInLine(id, fields[1], fields[2]) end
  end
end

-- Which account has a place; and if none, when to ask again. Claims of the same call count with those before them.
local account, untilMs, trialEveryMs, strict, calm
for i = 7, #ARGV, 2 do
  local name, limit = ARGV[i], tonumber(ARGV[i + 1])
  local state = redis.call('HMGET', key('account:' .. name), 'paused_until', 'closed', 'trial_at', 'trial_every', 'strict', 'refusals')
  local opens = tonumber(state[1]) or 0
  local closed = (state[2] or '') ~= ''
  if closed then opens = math.max(opens, tonumber(state[3]) or 0) end
  local leases = key('leases:' .. name)
  if not taken[name] then
    redis.call('ZREMRANGEBYSCORE', leases, '-inf', NOW)
    taken[name] = redis.call('ZCARD', leases)
  end
  if opens > NOW then
    if not untilMs or opens < untilMs then untilMs = opens end
  elseif taken[name] < limit then
    calm = not closed and (tonumber(state[6]) or 0) == 0
    account, strict, trialEveryMs = name, state[5] or '', closed and (tonumber(state[4]) or 300000)
    break
  else
    settle()
    local first = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')
    local expires = tonumber(first[2])
    if expires and (not untilMs or expires < untilMs) then untilMs = expires end
  end
end

for _ = 1, 100 do
  local head = redis.call('ZRANGE', key('line'), 0, 0, 'WITHSCORES')
  if #head == 0 then return reply('idle') end
  local owner, start = head[1], tonumber(head[2])
  local line = key('line:' .. owner)
  if not account and redis.call('EXISTS', line) == 1 then
    return reply('no_place', nil, { 'until', untilMs and digits(untilMs) or '' })
  end
  local id = redis.call('ZPOPMIN', line)[1]
  if not id then
    -- Its last video was claimed; a caller without videos leaves here, when it is at the head.
    redis.call('ZREM', key('line'), owner)
  else
    local record = load(id)
    -- What is not queued any more has left the line with it.
    if record and phase(record) == 'queued' then
      record.leftLine = true
      if charges(record) >= num(record, 'max_charges') or liveAttempt(record) then
        -- No rule leads here; a record that came here all the same must not be charged again.
        finish(record, 'failed', { code = 'charges_used_up', class = 'operator', message = 'All allowed charges of this video are used.' })
        save(record, 'failed')
      elseif num(record, 'free') == 0 and not reserveFreeUnit(record, budget) then
        -- A second charge found the day's budget used up: look again in a minute, another day will come.
        set(record, 'not_before', NOW + 60000)
        set(record, 'due', NOW + 60000 + graceMs)
        joinLine(record, NOW + 60000)
        save(record, 'waits_for_budget')
      else
        -- The caller's turn is used, and its next one starts one later.
        clocks[''], clocks[owner] = start, start + 1
        redis.call('ZADD', key('line'), digits(start + 1), owner)
        if trialEveryMs then redis.call('HSET', key('account:' .. account), 'trial_at', digits(NOW + trialEveryMs)) end
        local n = openAttempt(record, account, secret, 'open')
        set(record, of(n, 'deadline'), NOW + deadlineMs)
        set(record, 'lease_ms', leaseMs)
        set(record, 'current', 0)
        set(record, 'account', account)
        holdLease(record, n, leaseMs)
        taken[account] = taken[account] + 1
        move(record, 'submitting', NOW + deadlineMs)
        save(record, 'intent', { 'attempt', digits(n), 'account', account })
        redis.call('SET', key('claim:' .. secret), id, 'PX', digits(deadlineMs))
        return claimed(record, n, account, strict, calm)
      end
    end
  end
end
return reply('idle')
