-- What became of the files of one attempt (rules 8 and 9).
-- ARGV: prefix, id, attempt, secret, task, result, output JSON, failure code, class, message, again ms, grace ms,
--       fresh result URLs JSON, manifest JSON
--   result: stored | gone | again (not yet: look again in that many ms)
local record = load(ARGV[2])
if not record then return reply('no_record') end
local n, secret, task, result = tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
if phase(record) ~= 'archiving' or num(record, 'current') ~= n or get(record, of(n, 'secret')) ~= secret
  or get(record, of(n, 'task')) ~= task then
  return reply('stale', record)
end
if result == 'again' then
  set(record, 'archive_tries', num(record, 'archive_tries') + 1)
  if ARGV[13] ~= '' then keepFiles(record, of(n, 'urls'), ARGV[13]) end
  set(record, 'archive_problem', ARGV[8])
  set(record, 'due', NOW + tonumber(ARGV[11]) + tonumber(ARGV[12]))
  save(record, 'archive_again', { 'code', ARGV[8] })
  return reply('again', record)
end
if result == 'stored' then
  keepFiles(record, 'output', ARGV[7])
  keepFiles(record, 'manifest', ARGV[14])
  set(record, 'archive_problem', '')
  set(record, 'completed', NOW)
  finish(record, 'completed', nil)
else
  set(record, of(n, 'state'), 'result_gone')
  decide(record, 'result_gone', n, { failure = { code = ARGV[8], class = ARGV[9], message = ARGV[10] } })
end
save(record, result == 'stored' and 'archived' or 'result_gone', { 'attempt', digits(n) })
return reply('moved', record, { 'since', digits(NOW - num(record, 'archiving')) })
