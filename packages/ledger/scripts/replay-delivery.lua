-- A person wants a delivery sent again, now: the same id and body, a new schedule.
-- ARGV: prefix, id, number, who
local record = load(ARGV[2])
if not record then return reply('no_record') end
local name = ARGV[2] .. '_' .. ARGV[3]
local row = key('delivery:' .. name)
if redis.call('EXISTS', row) == 0 then return reply('no_delivery', record) end
save(record, 'delivery_replayed', { 'by', ARGV[4], 'delivery', name })
audit(ARGV[4], 'replay', record, { 'delivery', name })
redis.call('HSET', row, 'state', 'pending', 'due', digits(NOW), 'wake', get(record, 'rev'), 'tries', 0, 'unfinished', 0, 'claims', 0)
redis.call('ZADD', key('outbox'), digits(NOW + DELIVERY_GRACE_MS), name)
return reply('replayed', record)
