-- Rule 6: past its deadline nobody will answer for the newest attempt any more.
-- ARGV: prefix, id
local record = load(ARGV[2])
if not record then return reply('no_record') end
local n = num(record, 'attempts')
if phase(record) ~= 'submitting' then return reply('stale', record) end
if num(record, n .. '.deadline') > NOW then
  return reply('early', record, { 'until', get(record, n .. '.deadline') })
end
learnUnknown(record, n)
set(record, n .. '.outcome', 'unknown')
save(record, 'deadline_passed', { 'attempt', digits(n) })
return reply('unconfirmed', record)
