-- Rule 6, asked of one video.
-- ARGV: prefix, id
local record = load(ARGV[2])
if not record then return reply('no_record') end
local n = num(record, 'attempts')
if phase(record) ~= 'submitting' then return reply('stale', record) end
if num(record, of(n, 'deadline')) > NOW then
  return reply('early', record, { 'until', get(record, of(n, 'deadline')) })
end
passDeadline(record)
return reply('unconfirmed', record)
