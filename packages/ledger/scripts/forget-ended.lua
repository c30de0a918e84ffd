-- Records whose keeping time is over, a few at a time.
-- ARGV: prefix, keep ms, most
local ids = redis.call('ZRANGEBYSCORE', key('ended'), '-inf', NOW - tonumber(ARGV[2]), 'LIMIT', 0, tonumber(ARGV[3]))
for _, id in ipairs(ids) do
  local record = load(id)
  redis.call('ZREM', key('ended'), id)
  if record then
    local owner = get(record, 'owner')
    redis.call('ZREM', key('phase:' .. phase(record) .. ':' .. owner), id)
    redis.call('ZREM', key('listing:' .. owner), id)
    redis.call('ZREM', key('due'), id)
    if get(record, 'idempotency') ~= '' then redis.call('DEL', key('idempotency:' .. owner .. ':' .. get(record, 'idempotency'))) end
    for n = 1, num(record, 'attempts') do
      redis.call('ZREM', key('charges'), id .. '#' .. n)
      if get(record, n .. '.task') ~= '' then redis.call('DEL', key('task:' .. get(record, n .. '.task'))) end
    end
    for field, value in pairs(record.fields) do
      local task = string.match(field, '^stray:(.*)$')
      if task and value ~= '' then redis.call('DEL', key('task:' .. task)) end
    end
    redis.call('DEL', key('video:' .. id), key('order:' .. id), key('events:' .. id))
  end
end
return { 'result', 'forgotten', 'count', digits(#ids) }
