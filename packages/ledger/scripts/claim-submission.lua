-- Intents (rule 1): for each secret the head of the fair line gets a place, a new attempt and a deadline, before any POST.
-- ARGV: prefix, deadline ms, lease ms, budget micros per day (-1 = none), grace ms, how many secrets, the secrets,
--       then per account: name, most tasks in flight (-1 = as learned), version of the limits' state that was read, the
--       state with the calls below sent, notes that are folded into it, how many calls may go, their names
-- Answer: what the secrets without a claim met (idle | no_place | conflict), when to ask again ('' = not known), then
--       per claim: how many words, the words. `conflict`: somebody else has claimed meanwhile; nothing was done.
local deadlineMs, leaseMs, budget, graceMs = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local at = 6 + tonumber(ARGV[6])
local secrets = { unpack(ARGV, 7, at) }
local answer = { 'idle', '' }

local function addClaim(record, n, account, standing)
  local words = reply('claimed', record, {
    'id', record.id, 'attempts', get(record, 'attempts'), 'attempt', digits(n), 'account', account,
    'secret', get(record, of(n, 'secret')), 'strict', standing.strict, 'calm', standing.closed and '' or '1',
    'order', redis.call('GET', key('order:' .. record.id)),
  })
  answer[#answer + 1] = digits(#words)
  for _, word in ipairs(words) do answer[#answer + 1] = word end
end

-- How an account stands, once per call of the script.
local function standingOf(account)
  local state = redis.call('HMGET', key('account:' .. account), 'closed', 'trial_at', 'trial_every', 'strict')
  local closed = (state[1] or '') ~= ''
  return {
    closed = closed, opens = closed and tonumber(state[2]) or 0, trialEveryMs = tonumber(state[3]) or 300000,
    strict = state[4] or '',
  }
end

-- The same secrets again are this very call, sent once more by a connection that died before the answer came. Further
-- intents would leave the first ones without anybody who posts them.
local done = redis.call('GET', key('claim:' .. secrets[1]))
if done then
  local ofSecret = 0
  for id in string.gmatch(done, '%S+') do
    ofSecret = ofSecret + 1
    local record = load(id)
    local n = record and num(record, 'attempts')
    if record and get(record, of(n, 'secret')) == secrets[ofSecret] and get(record, of(n, 'state')) == 'open' then
      local account = get(record, of(n, 'account'))
      addClaim(record, n, account, standingOf(account))
    end
  end
  return answer
end

local accounts = {}
while at < #ARGV do
  local count = tonumber(ARGV[at + 6])
  accounts[#accounts + 1] = {
    name = ARGV[at + 1], most = tonumber(ARGV[at + 2]), version = ARGV[at + 3], state = ARGV[at + 4],
    folded = tonumber(ARGV[at + 5]), names = { unpack(ARGV, at + 7, at + 6 + count) }, used = 0,
  }
  at = at + 6 + count
end

-- Places of vanished workers: the controller is told, and decides anew.
local function expireLeases(leases)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key(leases), '-inf', NOW, 'LIMIT', 0, 100)) do
    local id, n = string.match(member, '^(.*)#(%d+)$')
    redis.call('ZREM', key(leases), member)
    local record = load(id)
    if record then
      local account = get(record, of(n, 'account'))
      if get(record, of(n, 'state')) == 'open' then
        tellLimits(account, 'unanswered', get(record, of(n, 'sent')))
        tellLimits(account, 'finished', get(record, of(n, 'sent')))
      else
        tellLimits(account, 'finished', get(record, of(n, 'flight')))
      end
      redis.call('HSET', key('video:' .. id), of(n, 'lease'), 'expired')
    end
    answer[1] = 'conflict'
  end
end

for _, account in ipairs(accounts) do
  local read = redis.call('HGET', key('limits:' .. account.name), 'version') or ''
  if #account.names > 0 and read ~= account.version then answer[1] = 'conflict' end
  expireLeases('leases:' .. account.name)
end
if answer[1] == 'conflict' then return answer end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('later'), '-inf', NOW, 'LIMIT', 0, 100)) do
  local fields = redis.call('HMGET', key('video:' .. id), 'owner', 'place')
  redis.call('ZREM', key('later'), id)
  if fields[1] then standInLine(id, fields[1], fields[2]) end
end

-- The caller whose turn it is, and the start of that turn; nil when nobody waits.
local function headOfLine()
  while true do
    local head = redis.call('ZRANGE', key('line'), 0, 0, 'WITHSCORES')
    if #head == 0 then return nil end
    if redis.call('EXISTS', key('line:' .. head[1])) == 1 then return head[1], tonumber(head[2]) end
    -- Its last video was claimed; a caller without videos leaves here, when it is at the head.
    redis.call('ZREM', key('line'), head[1])
  end
end

-- The next video that may be charged, out of the line; nil when there is none.
local function takeHead()
  for _ = 1, 100 do
    local owner, start = headOfLine()
    if not owner then return nil end
    local id = redis.call('ZPOPMIN', key('line:' .. owner))[1]
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
        return record
      end
    end
  end
  return nil
end

local function askAgain(atMs)
  if atMs and (answer[2] == '' or atMs < tonumber(answer[2])) then answer[2] = digits(atMs) end
end

local claimed, claimedIds = 0, {}
-- While a person has paused submissions no account has a place. Who waits in line goes on waiting.
if redis.call('EXISTS', key('submit-pause')) == 1 then accounts = {} end
for _, account in ipairs(accounts) do
  local standing = standingOf(account.name)
  local taken = redis.call('ZCARD', key('leases:' .. account.name))
  for _, name in ipairs(account.names) do
    if standing.opens > NOW or (account.most >= 0 and taken >= account.most) then break end
    local record = takeHead()
    if not record then break end
    if standing.closed then
      -- One trial at a time.
      standing.opens = NOW + standing.trialEveryMs
      redis.call('HSET', key('account:' .. account.name), 'trial_at', digits(standing.opens))
    end
    claimed = claimed + 1
    taken = taken + 1
    account.used = account.used + 1
    local n = openAttempt(record, account.name, secrets[claimed], 'open')
    set(record, of(n, 'sent'), name)
    set(record, of(n, 'deadline'), NOW + deadlineMs)
    set(record, 'lease_ms', leaseMs)
    set(record, 'current', 0)
    set(record, 'account', account.name)
    holdLease(record, n, leaseMs)
    move(record, 'submitting', NOW + deadlineMs)
    save(record, 'intent', { 'attempt', digits(n), 'account', account.name })
    claimedIds[claimed] = record.id
    addClaim(record, n, account.name, standing)
  end
  if account.used > 0 then
    redis.call('HSET', key('limits:' .. account.name), 'state', account.state, 'version', (tonumber(account.version) or 0) + 1)
    if account.folded > 0 then redis.call('LTRIM', key('limit-notes:' .. account.name), account.folded, -1) end
    for i = account.used + 1, #account.names do tellLimits(account.name, 'not_sent', account.names[i]) end
  end
  if standing.opens > NOW then askAgain(standing.opens) end
  if taken > account.used then
    askAgain(tonumber(redis.call('ZRANGE', key('leases:' .. account.name), 0, 0, 'WITHSCORES')[2]))
  end
end
if claimed > 0 then redis.call('SET', key('claim:' .. secrets[1]), table.concat(claimedIds, ' '), 'PX', digits(deadlineMs)) end
if claimed < #secrets and headOfLine() then answer[1] = 'no_place' end
return answer
