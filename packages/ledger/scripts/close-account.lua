-- What an answer said of the whole account.
-- ARGV: prefix, account, verdict, trial every ms, code, video
--   verdict: close (402 at once; 401 and 403 when a second video meets one: closed but for a trial every ms)
--            | open (something was accepted)
local account = key('account:' .. ARGV[2])
local verdict, ms, code = ARGV[3], tonumber(ARGV[4]), ARGV[5]
local state = redis.call('HMGET', account, 'closed', 'suspected_by', 'balance')
local closed = state[1] or ''
if verdict == 'open' then
  redis.call('HSET', account, 'closed', '', 'suspected_by', '')
  if closed ~= '' then redis.call('PUBLISH', key('places'), ARGV[2]) end
  return reply('open')
end
local suspectedBy = state[2] or ''
if closed == '' and code ~= 'balance_exhausted' and (suspectedBy == '' or suspectedBy == ARGV[6]) then
  -- It may be this one video that the key or the route will not take.
  redis.call('HSET', account, 'suspected_by', ARGV[6])
  return reply('suspected')
end
-- Only a balance that is higher than the one that was refused opens the account again before its next trial.
if closed ~= code then redis.call('HSET', account, 'balance_at_closing', state[3] or '') end
redis.call('HSET', account, 'closed', code, 'closed_at', digits(NOW), 'trial_at', digits(NOW + ms), 'trial_every', digits(ms))
return reply(closed == '' and 'closed' or 'still_closed')
