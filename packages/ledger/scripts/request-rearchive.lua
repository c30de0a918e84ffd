-- Rule 16, first half: a person wants the files of a video archived again. It is noted; the archive stage does it.
-- ARGV: prefix, id, who, again ms (when the request is looked at if its job is lost)
local record = load(ARGV[2])
if not record then return reply('no_record') end
local who = ARGV[3]
if not mayRearchive(record) then return reply('stale', record) end
set(record, 'rearchive_by', who)
set(record, 'rearchive_tries', 0)
set(record, 'rearchive_refused', '')
redis.call('ZADD', key('watched'), NOW + tonumber(ARGV[4]), record.id)
audit(who, 'rearchive', record, { 'task', get(record, of(num(record, 'current'), 'task')) })
save(record, 'rearchive_requested', { 'by', who })
return reply('requested', record)
