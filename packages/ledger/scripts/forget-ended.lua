-- Records whose keeping time is over, a few at a time. One that still owes a webhook is looked at again in an hour.
-- ARGV: prefix, keep ms, most
local ids = redis.call('ZRANGEBYSCORE', key('ended'), '-inf', NOW - tonumber(ARGV[2]), 'LIMIT', 0, tonumber(ARGV[3]))

local function owesDelivery(names)
  for _, name in ipairs(names) do
    if redis.call('HGET', key('delivery:' .. name), 'state') == 'pending' then return true end
  end
  return false
end

for _, id in ipairs(ids) do
  local record = load(id)
  local deliveries = record and record.fields.webhook and redis.call('ZRANGE', key('deliveries:' .. id), 0, -1) or {}
  redis.call('ZREM', key('ended'), id)
  if owesDelivery(deliveries) then
    redis.call('ZADD', key('ended'), digits(NOW - tonumber(ARGV[2]) + 3600000), id)
  elseif record then
    local owner = get(record, 'owner')
    redis.call('ZREM', key('phase:' .. phase(record) .. ':' .. owner), id)
    redis.call('ZREM', key('listing:' .. owner), id)
    redis.call('ZREM', key('due'), id)
    redis.call('ZREM', key('watched'), id)
    if get(record, 'idempotency') ~= '' then
      -- The key of a batch counts its records and goes with the last one; that of a single order has no count.
      local memory = key('idempotency:' .. owner .. ':' .. get(record, 'idempotency'))
      if redis.call('HINCRBY', memory, 'records', -1) <= 0 then redis.call('DEL', memory) end
    end
    for n = 1, num(record, 'attempts') do
      redis.call('ZREM', key('charges'), id .. '#' .. n)
      if get(record, of(n, 'task')) ~= '' then redis.call('DEL', key('task:' .. get(record, of(n, 'task')))) end
    end
    for field, value in pairs(record.fields) do
      local task = string.match(field, '^stray:(.*)$')
      if task and value ~= '' then
        redis.call('DEL', key('task:' .. task))
        redis.call('ZREM', key('charges'), id .. '#' .. field)
      end
    end
    for _, name in ipairs(deliveries) do redis.call('DEL', key('delivery:' .. name)) end
    redis.call('DEL', key('video:' .. id), key('order:' .. id), key('files:' .. id), key('history:' .. id), key('deliveries:' .. id))
  end
end
return { 'result', 'forgotten', 'count', digits(#ids) }
