-- Rule 10: only a queued video none of whose attempts can have been charged.
-- ARGV: prefix, id
local record = load(ARGV[2])
if not record then return reply('no_record') end
if phase(record) == 'cancelled' then return reply('cancelled', record) end
local open = firstAttempt(record, function(_, state) return state ~= 'refused' and state ~= 'ended_bad' end)
if phase(record) ~= 'queued' or open then return reply('already_submitted', record) end
finish(record, 'cancelled', nil)
save(record, 'cancelled')
return reply('cancelled', record)
