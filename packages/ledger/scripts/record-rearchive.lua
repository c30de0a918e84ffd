-- Rule 16, second half: what became of archiving a video's files again.
-- ARGV: prefix, id, attempt, secret, task, result, output JSON, manifest JSON, why
--   result: stored | refused | again (not yet: the same job tries again)
local record = load(ARGV[2])
if not record then return reply('no_record') end
local n, secret, task, result = tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local wanted = get(record, 'rearchive_by') ~= ''
local fits = mayRearchive(record) and num(record, 'current') == n and get(record, of(n, 'secret')) == secret
  and get(record, of(n, 'task')) == task
if not wanted then return reply('stale', record) end
if fits and result == 'again' then
  set(record, 'rearchive_tries', num(record, 'rearchive_tries') + 1)
  redis.call('HSET', key('video:' .. record.id), 'rearchive_tries', get(record, 'rearchive_tries'))
  return reply('again', record)
end
set(record, 'rearchive_by', '')
if fits and result == 'stored' then
  record.filesMoved = filesOf(record).output ~= ARGV[7]
  keepFiles(record, 'output', ARGV[7])
  keepFiles(record, 'manifest', ARGV[8])
  if phase(record) == 'failed' then
    set(record, of(n, 'state'), 'ended_ok')
    set(record, 'completed', NOW)
    finish(record, 'completed', nil)
  end
  save(record, 'rearchived', { 'attempt', digits(n) })
  return reply('stored', record)
end
-- Nothing that was moves: a completed video stays completed, whatever its bucket has lost.
local why = fits and ARGV[9] or 'the video has moved on'
set(record, 'rearchive_refused', why)
save(record, 'rearchive_refused', { 'why', why })
return reply(fits and 'refused' or 'stale', record)
