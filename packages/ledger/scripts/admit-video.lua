-- Admission: the record, its place in line, its reserved money and its idempotency key, all or nothing.
-- ARGV: prefix, id, owner, idempotency hash ('' = none), fingerprint, order JSON, mode, duration, price micros,
--       max charges, priority, delay ms, budget micros per day (-1 = none), grace ms,
--       events to tell (' a b ', with a blank around each; '' = none)
local id, owner, idempotency, fingerprint, order = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local priority, delayMs, budget, graceMs = tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])

-- The same id again is this very request, sent once more by a connection that died before the answer came.
local again = load(id)
if again then return reply('admitted', again, { 'id', id }) end

local memory = key('idempotency:' .. owner .. ':' .. idempotency)
if idempotency ~= '' then
  local known = redis.call('HMGET', memory, 'id', 'fingerprint')
  if known[1] then
    return reply(known[2] == fingerprint and 'replayed' or 'conflict', nil, { 'id', known[1] })
  end
end

local record = { id = id, fields = {}, changed = {} }
set(record, 'owner', owner)
set(record, 'mode', ARGV[7])
set(record, 'duration', ARGV[8])
set(record, 'price', ARGV[9])
set(record, 'max_charges', ARGV[10])
if not reserveFreeUnit(record, budget) then return reply('over_budget') end

-- Same place for the whole wait: higher priorities first, then in order of admission.
set(record, 'place', -priority * 1e12 + redis.call('INCR', key('admitted')))
set(record, 'idempotency', idempotency)
set(record, 'created', NOW)
set(record, 'attempts', 0)
if ARGV[15] ~= '' then set(record, 'webhook', ARGV[15]) end
set(record, 'not_before', NOW + delayMs)
move(record, 'queued', NOW + delayMs + graceMs)
redis.call('SET', key('order:' .. id), order)
if idempotency ~= '' then redis.call('HSET', memory, 'id', id, 'fingerprint', fingerprint) end
redis.call('SADD', key('owners'), owner)
redis.call('ZADD', key('listing:' .. owner), 0, id)
save(record, 'admitted')
return reply('admitted', record, { 'id', id })
