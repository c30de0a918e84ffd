-- The record of a video and the moves that every script is made of. This file is put in front of each script.
--
-- A record is one hash. Its scalar fields are few and small (the order itself is a separate, unchanging string, and so
-- are the files): one value beyond 64 bytes, and Redis turns the hash into a table of four times the size.
-- The fields of attempt n are named "n.state", "n.secret", "n.task", … Leases and money belong to the attempt.
--   state of an attempt: open | unknown | accepted | refused | ended_ok | ended_bad | result_gone
--   unit of an attempt:  reserved | billed | returned
-- A script loads the record, changes it in memory and saves it once. Redis runs scripts one at a time, so what
-- a script has read stays true until it ends.

local PREFIX = ARGV[1]
local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)
local TODAY = string.format('%d', math.floor(NOW / 86400000))
-- How long the job of a delivery may be missing before the sweep makes a new one.
local DELIVERY_GRACE_MS = 10000

-- Numbers reach Redis as whole decimal digits: Lua's own formatting would shorten large ones.
-- Writing a number out is among the slowest things here, so each is written once; and a number handed to Redis as it is
-- costs more than the command.
local written = {}
local function digits(value)
  local text = written[value]
  if not text then
    text = string.format('%d', math.floor(value + 0.5))
    written[value] = text
  end
  return text
end

-- The field `name` of attempt n: "n.name". Made once, as above.
local fieldNames = {}
local function of(n, name)
  local ofAttempt = fieldNames[n]
  if not ofAttempt then
    ofAttempt = {}
    fieldNames[n] = ofAttempt
  end
  local field = ofAttempt[name]
  if not field then
    field = n .. '.' .. name
    ofAttempt[name] = field
  end
  return field
end

local function key(name)
  return PREFIX .. ':' .. name
end

-- True once per name and call: the requests of one call share one moment, so some things need not be done for each.
local seen = {}
local function isFirst(name)
  local first = not seen[name]
  seen[name] = true
  return first
end

-- ---- gathered until the call ends: entries of indexes, sums of money, news ----
-- A command costs more than what it does, so the requests of one call share theirs. What a request gathers is written
-- by the same call, with its record. A script that reads one of these sets has them settled first.

local entries = {}
local function enter(index, score, member)
  local ofIndex = entries[index]
  if not ofIndex then
    ofIndex = {}
    entries[index] = ofIndex
  end
  ofIndex[member] = score
end

local function leave(index, member)
  enter(index, false, member)
end

local sums = {}
local function gatherSum(day, column, micros)
  local ofDay = sums[day]
  if not ofDay then
    ofDay = {}
    sums[day] = ofDay
  end
  ofDay[column] = (ofDay[column] or 0) + micros
end

-- What is booked on a day, the requests before this one in the call included.
local function spentOn(day)
  local stored, gathered = redis.call('HMGET', key('spend:' .. day), 'reserved', 'billed'), sums[day] or {}
  return (tonumber(stored[1]) or 0) + (tonumber(stored[2]) or 0) + (gathered.reserved or 0) + (gathered.billed or 0)
end

-- The clock of the line ('') and the callers' finish times, where claims of this call have moved them.
local clocks = {}
local function clockOf(owner)
  return clocks[owner] or tonumber(redis.call('HGET', key('line-clock'), owner) or '0')
end

local news = {}
local notes = {}

local function settle()
  for index, ofIndex in pairs(entries) do
    local entering, leaving = {}, {}
    for member, score in pairs(ofIndex) do
      if score then
        entering[#entering + 1] = score
        entering[#entering + 1] = member
      else
        leaving[#leaving + 1] = member
      end
    end
    entries[index] = nil
    if #leaving > 0 then redis.call('ZREM', key(index), unpack(leaving)) end
    if #entering > 0 then redis.call('ZADD', key(index), unpack(entering)) end
  end
  for day, ofDay in pairs(sums) do
    sums[day] = nil
    for column, micros in pairs(ofDay) do
      if micros ~= 0 then redis.call('HINCRBY', key('spend:' .. day), column, digits(micros)) end
    end
  end
  for account, ofAccount in pairs(notes) do
    notes[account] = nil
    redis.call('RPUSH', key('limit-notes:' .. account), unpack(ofAccount))
  end
  for owner, at in pairs(clocks) do
    clocks[owner] = nil
    redis.call('HSET', key('line-clock'), owner, digits(at))
  end
  if #news > 0 then
    redis.call('PUBLISH', key('changes'), table.concat(news, '\n'))
    news = {}
  end
end

local function load(id)
  -- Under RESP3 Redis hands the hash over as a table, which is much cheaper than making one of a list here.
  redis.setresp(3)
  local fields = redis.call('HGETALL', key('video:' .. id)).map
  redis.setresp(2)
  if next(fields) == nil then return nil end
  local record = { id = id, fields = fields, changed = {} }
  record.was = record.fields.phase
  record.followed = record.fields.current
  return record
end

local function get(record, field)
  return record.fields[field] or ''
end

local function num(record, field)
  return tonumber(record.fields[field]) or 0
end

local function set(record, field, value)
  if type(value) == 'number' then value = digits(value) end
  -- Missing and empty mean the same; what is the same already need not be written.
  if (record.fields[field] or '') == value then return end
  record.fields[field] = value
  record.changed[field] = true
end

local function phase(record)
  return record.fields.phase
end

local function isFinal(name)
  return name == 'completed' or name == 'failed' or name == 'cancelled'
end

-- ---- files: what a task brought ("n.urls"), and where that ("output") and its "manifest" were stored ----
-- One line each beside the record: a name, a blank, JSON. Of one name the last line counts.

-- A result whose URLs are named anew again and again leaves many lines; so long, those that do not count go.
local FILES_MOST_BYTES = 16384

local function filesOf(record)
  local files = {}
  for name, json in string.gmatch(redis.call('GET', key('files:' .. record.id)) or '', '(%S+) ([^\n]*)\n') do
    files[name] = json
  end
  return files
end

local function keepFiles(record, name, json)
  local bytes = redis.call('APPEND', key('files:' .. record.id), name .. ' ' .. json .. '\n')
  if bytes > FILES_MOST_BYTES then
    local lines = {}
    for kept, value in pairs(filesOf(record)) do lines[#lines + 1] = kept .. ' ' .. value .. '\n' end
    redis.call('SET', key('files:' .. record.id), table.concat(lines))
  end
end

local function swapUrls(record, a, b)
  local files = filesOf(record)
  local ofA, ofB = files[of(a, 'urls')], files[of(b, 'urls')]
  if ofA or ofB then
    keepFiles(record, of(a, 'urls'), ofB or '[]')
    keepFiles(record, of(b, 'urls'), ofA or '[]')
  end
end

-- ---- attempts ----

local function firstAttempt(record, accepts)
  for n = 1, num(record, 'attempts') do
    if accepts(n, get(record, of(n, 'state'))) then return n end
  end
  return nil
end

local function firstIn(record, state, orState)
  for n = 1, num(record, 'attempts') do
    local is = get(record, of(n, 'state'))
    if is == state or is == orState then return n end
  end
  return nil
end

local function lastAttempt(record, accepts)
  for n = num(record, 'attempts'), 1, -1 do
    if accepts(n, get(record, of(n, 'state'))) then return n end
  end
  return nil
end

local function attemptOfTask(record, task)
  for n = 1, num(record, 'attempts') do
    if get(record, of(n, 'task')) == task then return n end
  end
  return nil
end

-- An attempt that may cost money; what was refused or never sent is free.
local function charges(record)
  local count = 0
  for n = 1, num(record, 'attempts') do
    if get(record, of(n, 'state')) ~= 'refused' then count = count + 1 end
  end
  return count
end

local function liveAttempt(record)
  return firstIn(record, 'accepted', 'ended_ok')
end

local function unknownAttempt(record)
  return firstIn(record, 'unknown')
end

-- ---- leases: one place among the account's tasks, held by an attempt until its task's end is known ----

local function holdLease(record, n, leaseMs)
  set(record, of(n, 'lease'), 'held')
  enter('leases:' .. get(record, of(n, 'account')), digits(NOW + leaseMs), record.id .. '#' .. digits(n))
end

-- Once for all requests of a call, however many places they free: who waits hears of it only when the call is over.
local function announcePlace(account)
  if isFirst('place at ' .. account) then redis.call('PUBLISH', key('places'), account) end
end

-- What the limit controller is to learn of one call or task, in the order it happened: whoever claims next folds these
-- notes into the account's state (src/limit-book.ts). `name` is what the controller knows the call or the task by: the
-- time it was sent ("n.sent"), the time it was accepted ("n.flight"); empty = it does not know it.
local function tellLimits(account, kind, name, hint)
  if name == '' then return end
  local ofAccount = notes[account]
  if not ofAccount then
    ofAccount = {}
    notes[account] = ofAccount
  end
  ofAccount[#ofAccount + 1] = kind .. ' ' .. digits(NOW) .. ' ' .. name .. ' ' .. (hint or '')
  announcePlace(account)
end

local function freeLease(record, n)
  local account = get(record, of(n, 'account'))
  if get(record, of(n, 'lease')) == 'held' then
    announcePlace(account)
    tellLimits(account, 'finished', get(record, of(n, 'flight')))
  end
  set(record, of(n, 'lease'), 'free')
  leave('leases:' .. account, record.id .. '#' .. digits(n))
end

-- ---- watching: tasks that run beside the one the video follows, and what a person asked for ----

local function isExtra(record, n, state)
  return state == 'accepted' and not (num(record, 'current') == n and phase(record) == 'generating')
end

local function needsPolling(record)
  if get(record, 'adopt_task') ~= '' then return true end
  for n = 1, num(record, 'attempts') do
    if isExtra(record, n, get(record, of(n, 'state'))) then return true end
  end
  return false
end

local function needsWatching(record)
  return get(record, 'rearchive_by') ~= '' or needsPolling(record)
end

-- Whether the files of the attempt that the video follows may be archived again (rule 16).
local function mayRearchive(record)
  local n = num(record, 'current')
  if n == 0 or get(record, of(n, 'task')) == '' then return false end
  return phase(record) == 'completed' or (phase(record) == 'failed' and get(record, of(n, 'state')) == 'result_gone')
end

-- Why a task that a person names cannot be this video's; nil = it can (rule 12).
local function adoptionRefusal(record, task)
  local at = phase(record)
  if at ~= 'unconfirmed' and at ~= 'queued' and at ~= 'failed' and at ~= 'cancelled' then return 'stale' end
  local own = attemptOfTask(record, task)
  if own then
    if isFinal(at) and get(record, of(own, 'state')) == 'accepted' then return nil end
    return 'known'
  end
  if not unknownAttempt(record) then return 'no_unknown_attempt' end
  local owner = redis.call('GET', key('task:' .. task))
  if owner and string.match(owner, '^(.*)#%d+$') ~= record.id then return 'task_elsewhere' end
  return nil
end

-- What people did, newest last; the policy counts as one.
local function audit(who, verb, record, details)
  redis.call('XADD', key('audit'), 'MAXLEN', '~', 10000, '*', 'at', digits(NOW), 'by', who, 'verb', verb, 'video', record.id, unpack(details or {}))
end

-- ---- money: whole micro-dollars, summed per UTC day of the reservation ----

local function book(record, column, micros, day)
  set(record, column, num(record, column) + micros)
  gatherSum(day, column, micros)
end

-- Whether today's budget has so much left; -1 = there is none to keep.
local function allows(budgetMicros, micros)
  return budgetMicros < 0 or spentOn(TODAY) + micros <= budgetMicros
end

-- The free unit is a reservation that no attempt has taken yet; only a queued video has one.
local function reserveFreeUnit(record, budgetMicros)
  local price = num(record, 'price')
  if not allows(budgetMicros, price) then return false end
  set(record, 'free', 1)
  set(record, 'free_day', TODAY)
  book(record, 'reserved', price, TODAY)
  return true
end

local function returnFreeUnit(record)
  if num(record, 'free') == 1 then
    set(record, 'free', 0)
    book(record, 'reserved', -num(record, 'price'), get(record, 'free_day'))
  end
end

local function setUnit(record, n, unit)
  local was, price, day = get(record, of(n, 'unit')), num(record, of(n, 'price')), get(record, of(n, 'day'))
  if was == unit then return end
  if was == 'reserved' or was == 'billed' then book(record, was, -price, day) end
  if unit == 'reserved' or unit == 'billed' then book(record, unit, price, day) end
  set(record, of(n, 'unit'), unit)
end

-- ---- the line: queued videos, fair between callers ----
-- Each caller has a sorted set of its ready videos; the callers stand in one sorted set by start time of their
-- next turn in virtual time (start-time fair queueing: a caller's next turn starts one after its last, but
-- never before the virtual clock). Videos that must wait for a time stand in 'later' instead.

local function joinCallers(owner)
  if redis.call('ZSCORE', key('line'), owner) == false then
    redis.call('ZADD', key('line'), digits(math.max(clockOf(''), clockOf(owner))), owner)
  end
end

local function standInLine(id, owner, place)
  redis.call('ZADD', key('line:' .. owner), digits(place), id)
  joinCallers(owner)
end

local function leaveLine(record)
  local owner = get(record, 'owner')
  redis.call('ZREM', key('later'), record.id)
  redis.call('ZREM', key('line:' .. owner), record.id)
  if redis.call('EXISTS', key('line:' .. owner)) == 0 then redis.call('ZREM', key('line'), owner) end
end

-- A video whose turn came to nothing gets its caller that turn back.
local function giveTurnBack(record)
  local owner = get(record, 'owner')
  local finish = clockOf(owner)
  if finish >= 1 then redis.call('HSET', key('line-clock'), owner, digits(finish - 1)) end
  if redis.call('ZSCORE', key('line'), owner) then redis.call('ZINCRBY', key('line'), -1, owner) end
end

local function joinLine(record, notBefore)
  if notBefore > NOW then
    redis.call('ZADD', key('later'), notBefore, record.id)
  else
    standInLine(record.id, get(record, 'owner'), num(record, 'place'))
  end
end

-- ---- moving and saving ----

-- due: when the sweep must look at this record, Redis milliseconds; 0 = never by itself.
local function move(record, to, due)
  set(record, 'phase', to)
  set(record, 'due', due)
end

-- Unconfirmed videos stand in a set by the time they became so, and their dollars are summed.
local function enterDoubt(record)
  local micros = 0
  firstAttempt(record, function(n, state)
    if state == 'unknown' then micros = micros + num(record, of(n, 'price')) end
  end)
  set(record, 'doubt', micros)
  set(record, 'doubt_since', NOW)
  redis.call('ZADD', key('unconfirmed'), NOW, record.id)
  redis.call('INCRBY', key('doubt'), digits(micros))
end

local function leaveDoubt(record)
  redis.call('ZREM', key('unconfirmed'), record.id)
  redis.call('INCRBY', key('doubt'), digits(-num(record, 'doubt')))
end

-- Which event of a webhook this change is; nil for most.
local function eventOf(record, is)
  if is ~= record.was and (isFinal(is) or is == 'unconfirmed') then return is end
  -- Archived again under another key: whoever has noted the old one must hear of it.
  if is == 'completed' and record.filesMoved then return is end
  if record.changed.submitted then return 'submitted' end
  if record.changed.late and num(record, 'late') == 1 then return 'late' end
  return nil
end

-- The caller wants to be told of this change: the delivery is owed from the very moment of the change on.
local function writeDelivery(record, event, rev)
  local name = record.id .. '_' .. digits(rev)
  redis.call('HSET', key('delivery:' .. name), 'video', record.id, 'number', digits(rev), 'event', event, 'state', 'pending',
    'created', digits(NOW), 'due', digits(NOW), 'wake', digits(rev))
  redis.call('ZADD', key('deliveries:' .. record.id), rev, name)
  -- Later than its due time: its job is on the way, and the sweep looks only for lost ones.
  redis.call('ZADD', key('outbox'), digits(NOW + DELIVERY_GRACE_MS), name)
  record.delivery = digits(rev)
end

-- A video that changes its phase or the attempt it follows needs a new job; older ones are out of date then.
local function save(record, what, details)
  local rev = num(record, 'rev') + 1
  set(record, 'rev', rev)
  local is, owner = phase(record), get(record, 'owner')
  if is ~= record.was or get(record, 'current') ~= record.followed then set(record, 'wake', rev) end
  if is ~= record.was then
    if record.was then leave('phase:' .. record.was .. ':' .. owner, record.id) end
    enter('phase:' .. is .. ':' .. owner, '0', record.id)
    if record.was == 'queued' and not record.leftLine then leaveLine(record) end
    if is == 'queued' then joinLine(record, num(record, 'not_before')) end
    if record.was == 'generating' and num(record, 'late') == 1 then
      set(record, 'late', 0)
      redis.call('SREM', key('late'), record.id)
    end
    if is == 'archiving' then
      -- By the age of its result: the first of them is the most urgent.
      local ended = get(record, of(num(record, 'current'), 'ended'))
      enter('archiving', ended ~= '' and ended or digits(NOW), record.id)
    elseif record.was == 'archiving' then
      leave('archiving', record.id)
    end
    if is == 'unconfirmed' then enterDoubt(record) elseif record.was == 'unconfirmed' then leaveDoubt(record) end
    if isFinal(is) then
      set(record, 'ended', NOW)
      enter('ended', digits(NOW), record.id)
    elseif record.was and isFinal(record.was) then
      leave('ended', record.id)
    end
  end
  -- Empty or missing for orders without a webhook, which then cost nothing here.
  local wanted = record.fields.webhook
  if wanted then
    local event = eventOf(record, is)
    if event and string.find(wanted, ' ' .. event .. ' ', 1, true) then writeDelivery(record, event, rev) end
  end
  local flat, last = {}, 0
  for field in pairs(record.changed) do
    flat[last + 1] = field
    flat[last + 2] = record.fields[field]
    last = last + 2
  end
  redis.call('HSET', key('video:' .. record.id), unpack(flat))
  if num(record, 'due') > 0 then
    enter('due', get(record, 'due'), record.id)
  else
    leave('due', record.id)
  end
  -- A list: a stream takes 4 kB from its first entry on, and eight times as long to write.
  redis.call('RPUSH', key('history:' .. record.id), cjson.encode({ digits(rev), digits(NOW), is, what, unpack(details or {}) }))
  news[#news + 1] = record.id .. ' ' .. digits(rev) .. ' ' .. is
end

-- A wake is no transition: no event, but a new rev, for the new job's id and to make older jobs stale.
local function rewake(record, due)
  local rev = num(record, 'rev') + 1
  set(record, 'rev', rev)
  set(record, 'wake', rev)
  set(record, 'due', due)
  redis.call('HSET', key('video:' .. record.id), 'rev', get(record, 'rev'), 'wake', get(record, 'wake'), 'due', get(record, 'due'))
  enter('due', get(record, 'due'), record.id)
end

-- A reply is a flat list of names and strings, as HGETALL gives.
local function reply(result, record, more)
  if not record then return { 'result', result, unpack(more or {}) } end
  local flat = {
    'result', result, 'phase', get(record, 'phase'), 'rev', get(record, 'rev'), 'wake', get(record, 'wake'), unpack(more or {}),
  }
  if record.delivery then
    flat[#flat + 1] = 'delivery'
    flat[#flat + 1] = record.delivery
  end
  return flat
end

-- ---- admission ----

local admitted = nil

-- A new record in line, with its money reserved. Whoever calls this has seen that the budget allows it. It is what `set`
-- and `save` would make of a new record, written out because a batch does this a thousand times.
--   order: id, owner, idempotency, mode, webhook, json, as text: duration, price, maxCharges; as numbers: place, delayMs, graceMs
local function admit(order)
  local id, owner, due = order.id, order.owner, digits(NOW + order.delayMs + order.graceMs)
  local notBefore, place = digits(NOW + order.delayMs), digits(order.place)
  admitted = admitted or cjson.encode({ '1', digits(NOW), 'queued', 'admitted' })
  redis.call('SET', key('order:' .. id), order.json)
  redis.call('HSET', key('video:' .. id), 'phase', 'queued', 'rev', '1', 'wake', '1', 'owner', owner, 'mode', order.mode,
    'duration', order.duration, 'price', order.price, 'max_charges', order.maxCharges, 'attempts', '0', 'reserved', order.price,
    'free', '1', 'free_day', TODAY, 'place', place, 'idempotency', order.idempotency,
    'created', digits(NOW), 'not_before', notBefore, 'due', due)
  if order.webhook ~= '' then redis.call('HSET', key('video:' .. id), 'webhook', order.webhook) end
  redis.call('RPUSH', key('history:' .. id), admitted)
  gatherSum(TODAY, 'reserved', tonumber(order.price))
  enter('listing:' .. owner, '0', id)
  enter('phase:queued:' .. owner, '0', id)
  enter('due', due, id)
  if order.delayMs > 0 then
    enter('later', notBefore, id)
  else
    enter('line:' .. owner, place, id)
    if isFirst('in line ' .. owner) then joinCallers(owner) end
  end
  if isFirst('owner ' .. owner) then redis.call('SADD', key('owners'), owner) end
  news[#news + 1] = id .. ' 1 queued'
end

-- Same place for the whole wait: higher priorities first, then in order of admission.
local function placeOf(priority, number)
  return -priority * 1e12 + number
end

-- ---- the rules; their numbers are those of docs/transitions.md ----

-- An attempt carries the video on (end of rule 3).
local function follow(record, n, dueMs)
  set(record, 'current', n)
  set(record, 'account', get(record, of(n, 'account')))
  if get(record, of(n, 'outcome')) == 'extra' then set(record, of(n, 'outcome'), 'accepted') end
  set(record, 'looks_failed', 0)
  if num(record, 'submitted') == 0 then set(record, 'submitted', NOW) end
  if get(record, 'adopt_refused') ~= '' then set(record, 'adopt_refused', '') end
  move(record, 'generating', NOW + dueMs)
  returnFreeUnit(record)
end

local function setFailure(record, failure)
  for _, part in ipairs({ 'code', 'class', 'message' }) do
    set(record, 'error_' .. part, failure and failure[part] or '')
  end
end

local function storedFailure(record)
  return { code = get(record, 'error_code'), class = get(record, 'error_class'), message = get(record, 'error_message') }
end

local function finish(record, to, failure)
  move(record, to, 0)
  returnFreeUnit(record)
  setFailure(record, failure)
end

local function backToLine(record, options)
  set(record, 'not_before', NOW + options.backoffMs)
  move(record, 'queued', NOW + options.backoffMs + options.graceMs)
end

-- Rule 7: the attempt the video hung on cannot carry it on; who or what can?
--   why: refused_for_now | refused | unknown | task_failed | result_gone
--   options: backoffMs, graceMs, budgetMicros, mayRetry, failure {code, class, message}
local function decide(record, why, n, options)
  local live = liveAttempt(record)
  local failure = options.failure
  if num(record, 'must_end') == 1 and get(record, 'error_code') ~= '' then failure = storedFailure(record) end
  if why == 'refused_for_now' and not live and num(record, 'must_end') == 0 then
    -- The same consent and the same reserved money, for the next attempt.
    if n then
      setUnit(record, n, 'reserved')
      set(record, 'free', 1)
      set(record, 'free_day', get(record, of(n, 'day')))
      set(record, of(n, 'unit'), 'returned')
    end
    giveTurnBack(record)
    return backToLine(record, options)
  end
  if n and (why == 'refused_for_now' or why == 'refused') then setUnit(record, n, 'returned') end
  if live then return follow(record, live, 0) end
  if why == 'unknown' then return move(record, 'unconfirmed', 0) end
  if why == 'task_failed' and options.mayRetry and charges(record) < num(record, 'max_charges') then
    local open = firstAttempt(record, function(_, state) return state ~= 'refused' and state ~= 'ended_bad' end)
    if not open then
      reserveFreeUnit(record, options.budgetMicros)
      return backToLine(record, options)
    end
  end
  if unknownAttempt(record) then
    -- A failed attempt must not hide an open charge: park, and remember that a refusal now ends the video.
    set(record, 'must_end', 1)
    setFailure(record, failure)
    return move(record, 'unconfirmed', 0)
  end
  finish(record, 'failed', failure)
end

-- The free unit becomes the attempt's money; where there is none, the caller of this must book some.
local function openAttempt(record, account, secret, state)
  local hasUnit = num(record, 'free') == 1
  local n = num(record, 'attempts') + 1
  set(record, 'attempts', n)
  set(record, of(n, 'state'), state)
  set(record, of(n, 'secret'), secret)
  set(record, of(n, 'task'), '')
  set(record, of(n, 'account'), account)
  set(record, of(n, 'price'), num(record, 'price'))
  set(record, of(n, 'day'), hasUnit and get(record, 'free_day') or TODAY)
  set(record, of(n, 'unit'), hasUnit and 'reserved' or 'returned')
  set(record, of(n, 'at'), NOW)
  set(record, 'free', 0)
  enter('charges', digits(NOW), record.id .. '#' .. digits(n))
  return n
end

-- A task that the video does not follow is looked at all the same: its place is freed when it ends.
local function watchExtras(record, dueMs)
  if needsWatching(record) then redis.call('ZADD', key('watched'), NOW + dueMs, record.id) end
end

-- One task belongs to one video only. False: it is another video's.
local function bindTask(record, n, task)
  if redis.call('SET', key('task:' .. task), record.id .. '#' .. digits(n), 'NX') then return true end
  local owner = redis.call('GET', key('task:' .. task))
  if string.match(owner, '^(.*)#%d+$') ~= record.id then return false end
  redis.call('SET', key('task:' .. task), record.id .. '#' .. n)
  return true
end

-- A task that is surely this video's but has no attempt to belong to: counted, never followed.
local function addStray(record, task)
  if record.fields['stray:' .. task] == nil or get(record, 'stray:' .. task) == '' then
    set(record, 'stray:' .. task, NOW)
    enter('charges', digits(NOW), record.id .. '#stray:' .. task)
    book(record, 'billed', num(record, 'price'), TODAY)
  end
end

local function dropStray(record, task)
  local since = num(record, 'stray:' .. task)
  if since > 0 then
    set(record, 'stray:' .. task, '')
    leave('charges', record.id .. '#stray:' .. task)
    book(record, 'billed', -num(record, 'price'), digits(math.floor(since / 86400000)))
  end
end

-- Everything a task brings moves; number, secret and account stay with the attempt that posted.
local function swapAttempts(record, a, b)
  for _, field in ipairs({ 'state', 'lease', 'task', 'unit', 'named', 'flight', 'accepted', 'ended', 'outcome', 'day', 'price' }) do
    local held = get(record, of(a, field))
    set(record, of(a, field), get(record, of(b, field)))
    set(record, of(b, field), held)
  end
  swapUrls(record, a, b)
  for _, n in ipairs({ a, b }) do
    local member = record.id .. '#' .. n
    local leases = 'leases:' .. get(record, of(n, 'account'))
    if get(record, of(n, 'lease')) == 'held' then
      enter(leases, digits(NOW + num(record, 'lease_ms')), member)
    else
      leave(leases, member)
    end
    if get(record, of(n, 'task')) ~= '' then redis.call('SET', key('task:' .. get(record, of(n, 'task'))), member) end
  end
  if num(record, 'current') == a then set(record, 'current', b)
  elseif num(record, 'current') == b then set(record, 'current', a) end
end

-- Rule 3: "accepted, task" was learned of attempt n. Returns a word for the reply.
--   options: leaseMs, dueMs (until the first look)
local function learnAccepted(record, n, task, options)
  local state = get(record, of(n, 'state'))
  if get(record, of(n, 'task')) == task then
    set(record, of(n, 'named'), '')
    return 'known'
  end
  local other = attemptOfTask(record, task)
  if other then
    -- A token's word beats a person's: the task moves to the attempt that the provider named.
    if get(record, of(other, 'named')) == '1' and (state == 'unknown' or state == 'refused') then
      swapAttempts(record, n, other)
      set(record, of(n, 'named'), '')
      return 'swapped'
    end
    return 'known'
  end
  if get(record, of(n, 'task')) ~= '' then
    -- A second task for one attempt. If a person named the first, it moves to another unknown attempt.
    if get(record, of(n, 'named')) ~= '1' then
      if not bindTask(record, n, task) then return 'task_elsewhere' end
      addStray(record, task)
      return 'stray'
    end
    if not bindTask(record, n, task) then return 'task_elsewhere' end
    local free = lastAttempt(record, function(_, other_state) return other_state == 'unknown' end)
    if free then
      swapAttempts(record, n, free)
    else
      local named = get(record, of(n, 'task'))
      dropStray(record, task)
      set(record, of(n, 'task'), task)
      set(record, of(n, 'named'), '')
      set(record, of(n, 'state'), 'accepted')
      set(record, of(n, 'accepted'), NOW)
      holdLease(record, n, options.leaseMs)
      addStray(record, named)
      if num(record, 'current') == n and (phase(record) == 'generating' or phase(record) == 'archiving') then
        follow(record, n, 0)
      end
      return 'rebound'
    end
  elseif not bindTask(record, n, task) then
    return 'task_elsewhere'
  end
  local wasRefused = state == 'refused'
  if state == 'open' then
    local sent = get(record, of(n, 'sent'))
    tellLimits(get(record, of(n, 'account')), 'accepted', sent)
    if sent ~= '' then set(record, of(n, 'flight'), NOW) end
  end
  dropStray(record, task)
  set(record, of(n, 'state'), 'accepted')
  set(record, of(n, 'task'), task)
  set(record, of(n, 'accepted'), NOW)
  holdLease(record, n, options.leaseMs)
  setUnit(record, n, 'billed')
  local at = phase(record)
  local newest = n == num(record, 'attempts')
  if at == 'queued' or at == 'unconfirmed' or (at == 'submitting' and newest) then
    follow(record, n, options.dueMs)
    return wasRefused and 'accepted_after_refusal' or 'accepted'
  end
  return 'extra'
end

-- Rule 5: attempt n was certainly not accepted.
local function learnRefused(record, n, why, options)
  local state = get(record, of(n, 'state'))
  if state ~= 'open' and state ~= 'unknown' then return 'stale' end
  if state == 'open' then
    -- Only a 429 says something about limits.
    local kind = options.throttled and 'refused' or 'not_sent'
    tellLimits(get(record, of(n, 'account')), kind, get(record, of(n, 'sent')), options.retryAfterMs)
  end
  set(record, of(n, 'state'), 'refused')
  set(record, of(n, 'outcome'), why)
  freeLease(record, n)
  local at = phase(record)
  if (at == 'submitting' or at == 'unconfirmed') and n == num(record, 'attempts') then
    decide(record, why == 'not_sent' and 'refused_for_now' or why, n, options)
    return 'refused'
  end
  setUnit(record, n, 'returned')
  if at == 'unconfirmed' and not unknownAttempt(record) then
    finish(record, 'failed', storedFailure(record))
  end
  return 'refused'
end

-- Rules 4 and 6: nobody saw the answer of attempt n.
local function learnUnknown(record, n)
  if get(record, of(n, 'state')) ~= 'open' then return 'stale' end
  set(record, of(n, 'state'), 'unknown')
  -- Its task, if there is one, is known to the controller by the time of sending.
  set(record, of(n, 'flight'), get(record, of(n, 'sent')))
  tellLimits(get(record, of(n, 'account')), 'unanswered', get(record, of(n, 'sent')))
  if phase(record) == 'submitting' and n == num(record, 'attempts') then
    decide(record, 'unknown', n, {})
    return 'unconfirmed'
  end
  return 'noted'
end

-- Rule 6: past its deadline nobody will answer for the newest attempt any more.
local function passDeadline(record)
  local n = num(record, 'attempts')
  learnUnknown(record, n)
  set(record, of(n, 'outcome'), 'unknown')
  save(record, 'deadline_passed', { 'attempt', digits(n) })
end
