-- Admission: the record, its place in line, its reserved money and its idempotency key, all or nothing.
-- ARGV: prefix, id, owner, idempotency hash ('' = none), fingerprint, order JSON, mode, duration, price micros,
--       max charges, priority, delay ms, budget micros per day (-1 = none), grace ms,
--       events to tell (' a b ', with a blank around each; '' = none)
local id, owner, idempotency, fingerprint = ARGV[2], ARGV[3], ARGV[4], ARGV[5]

-- The same id again is this very request, sent once more by a connection that died before the answer came.
local again = load(id)
if again then return reply('admitted', nil, { 'id', id, 'created', get(again, 'created') }) end

local memory = key('idempotency:' .. owner .. ':' .. idempotency)
if idempotency ~= '' then
  local known = redis.call('HMGET', memory, 'id', 'fingerprint')
  if known[1] then
    return reply(known[2] == fingerprint and 'replayed' or 'conflict', nil, { 'id', known[1] })
  end
end

if not allows(tonumber(ARGV[13]), tonumber(ARGV[9])) then return reply('over_budget') end
admit({
  id = id, owner = owner, idempotency = idempotency, json = ARGV[6], mode = ARGV[7], duration = ARGV[8], price = ARGV[9],
  maxCharges = ARGV[10], place = placeOf(tonumber(ARGV[11]), redis.call('INCR', key('admitted'))),
  delayMs = tonumber(ARGV[12]), graceMs = tonumber(ARGV[14]), webhook = ARGV[15],
})
if idempotency ~= '' then redis.call('HSET', memory, 'id', id, 'fingerprint', fingerprint) end
return reply('admitted', nil, { 'id', id, 'created', digits(NOW) })
