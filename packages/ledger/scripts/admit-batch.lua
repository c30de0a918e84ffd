-- A batch of orders under one idempotency key: all are admitted, or none. Whatever can refuse it stands before the first
-- write, and a script that has written is never cut short by Redis.
-- ARGV: prefix, owner, idempotency hash ('' = none), fingerprint, budget micros per day (-1 = none), grace ms,
--       then per order: 'id mode duration price max_charges priority delay_ms', order JSON, events to tell (as in admit-video)
local owner, idempotency, fingerprint, budget, graceMs = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local orders, ids, total = {}, {}, 0
for at = 7, #ARGV, 3 do
  local id, mode, duration, price, maxCharges, priority, delayMs =
    string.match(ARGV[at], '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  ids[#ids + 1] = id
  total = total + tonumber(price)
  orders[#orders + 1] = {
    id = id, owner = owner, idempotency = idempotency, json = ARGV[at + 1], mode = mode, duration = duration, price = price,
    maxCharges = maxCharges, priority = tonumber(priority), delayMs = tonumber(delayMs), graceMs = graceMs, webhook = ARGV[at + 2],
  }
end

-- The same ids again are this very request, sent once more by a connection that died before the answer came.
local again = load(ids[1])
if again then return reply('admitted', nil, { 'created', get(again, 'created') }) end

local memory = key('idempotency:' .. owner .. ':' .. idempotency)
if idempotency ~= '' then
  local known = redis.call('HMGET', memory, 'id', 'fingerprint', 'ids')
  if known[1] and known[2] == fingerprint then return reply('replayed', nil, { 'ids', known[3] }) end
  if known[1] then return reply('conflict', nil, { 'id', known[1] }) end
end

if not allows(budget, total) then return reply('over_budget', nil, { 'spent', digits(spentOn(TODAY)) }) end

local number = redis.call('INCRBY', key('admitted'), #orders) - #orders
for i, order in ipairs(orders) do
  order.place = placeOf(order.priority, number + i)
  admit(order)
end
if idempotency ~= '' then
  -- `records`: how many are still kept; the key goes with the last one.
  redis.call('HSET', memory, 'id', ids[1], 'fingerprint', fingerprint, 'ids', table.concat(ids, ' '), 'records', #ids)
end
return reply('admitted', nil, { 'created', digits(NOW) })
