-- Rule 11: a person (or the policy) lets an unconfirmed video be charged again.
-- ARGV: prefix, id, attempts seen, max charges (0 = as it is), budget micros, grace ms, who
local record = load(ARGV[2])
if not record then return reply('no_record') end
if phase(record) ~= 'unconfirmed' or num(record, 'attempts') ~= tonumber(ARGV[3]) then return reply('stale', record) end
local most = math.max(num(record, 'max_charges'), tonumber(ARGV[4]))
if charges(record) >= most then return reply('charges_used_up', record) end
firstAttempt(record, function(n, state)
  if state == 'unknown' then set(record, of(n, 'outcome'), 'released') end
end)
audit(ARGV[7], 'release', record, { 'max_charges_before', get(record, 'max_charges'), 'max_charges', digits(most) })
set(record, 'max_charges', most)
set(record, 'must_end', 0)
setFailure(record, nil)
reserveFreeUnit(record, tonumber(ARGV[5]))
backToLine(record, { backoffMs = 0, graceMs = tonumber(ARGV[6]) })
save(record, 'released', { 'by', ARGV[7], 'max_charges', digits(most) })
return reply('released', record)
