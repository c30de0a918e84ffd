-- Rule 12, first half: a person names a task. It is noted, and bound only after statusTask has known it.
-- ARGV: prefix, id, task, who, again ms (when the request is looked at if its job is lost)
local record = load(ARGV[2])
if not record then return reply('no_record') end
local task, who = ARGV[3], ARGV[4]
local refusal = adoptionRefusal(record, task)
if refusal then return reply(refusal, record) end
set(record, 'adopt_task', task)
set(record, 'adopt_by', who)
set(record, 'adopt_refused', '')
redis.call('ZADD', key('watched'), NOW + tonumber(ARGV[5]), record.id)
audit(who, 'adopt', record, { 'task', task })
save(record, 'adoption_requested', { 'by', who, 'task', task })
return reply('requested', record)
