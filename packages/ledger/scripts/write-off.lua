-- Rule 13: a person gives an unconfirmed video up; what may have been charged is booked as spent.
-- ARGV: prefix, id, who
local record = load(ARGV[2])
if not record then return reply('no_record') end
if phase(record) ~= 'unconfirmed' then return reply('stale', record) end
firstAttempt(record, function(n, state)
  if state == 'unknown' and get(record, of(n, 'unit')) == 'reserved' then setUnit(record, n, 'billed') end
  if state == 'unknown' then set(record, of(n, 'outcome'), 'written_off') end
end)
audit(ARGV[3], 'write-off', record)
finish(record, 'failed', { code = 'charge_written_off', class = 'operator', message = 'The answer to the submission was lost and the charge was written off.' })
save(record, 'written_off', { 'by', ARGV[3] })
return reply('written_off', record)
