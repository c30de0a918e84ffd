-- What an answer said of the whole account.
-- ARGV: prefix, account, verdict, ms, code, most ms
--   verdict: pause (429: rest for ms, doubled with each refusal in a row up to most ms)
--            | close (401, 402, 403: closed but for a trial every ms) | open (something was accepted)
local account = key('account:' .. ARGV[2])
local verdict, ms = ARGV[3], tonumber(ARGV[4])
if verdict == 'open' then
  local was = redis.call('HGET', account, 'closed')
  redis.call('HSET', account, 'closed', '', 'refusals', 0)
  if was and was ~= '' then redis.call('PUBLISH', key('places'), ARGV[2]) end
  return reply('open')
end
if verdict == 'close' then
  -- Only a balance that is higher than the one that was refused opens the account again before its next trial.
  if redis.call('HGET', account, 'closed') ~= ARGV[5] then
    redis.call('HSET', account, 'balance_at_closing', redis.call('HGET', account, 'balance') or '')
  end
  redis.call('HSET', account, 'closed', ARGV[5], 'closed_at', digits(NOW), 'trial_at', digits(NOW + ms), 'trial_every', digits(ms))
  return reply('closed')
end
local state = redis.call('HMGET', account, 'paused_until', 'refusals')
-- Refusals of calls that were under way together are one event: a running pause is not made longer.
if (tonumber(state[1]) or 0) > NOW then return reply('paused') end
local refusals = tonumber(state[2]) or 0
local restMs = math.min(ms * 2 ^ math.min(refusals, 20), math.max(ms, tonumber(ARGV[6])))
redis.call('HSET', account, 'paused_until', digits(NOW + restMs), 'refusals', refusals + 1)
return reply('paused')
