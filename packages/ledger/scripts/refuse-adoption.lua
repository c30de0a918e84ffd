-- The provider does not know the task that a person named: nothing is bound.
-- ARGV: prefix, id, task, why
local record = load(ARGV[2])
if not record then return reply('no_record') end
if get(record, 'adopt_task') ~= ARGV[3] then return reply('stale', record) end
set(record, 'adopt_task', '')
set(record, 'adopt_refused', ARGV[3])
set(record, 'adopt_why', ARGV[4])
save(record, 'adoption_refused', { 'task', ARGV[3], 'why', ARGV[4] })
return reply('refused', record)
