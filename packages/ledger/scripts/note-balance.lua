-- What is left on an account's key. An account that was closed for its balance opens when the balance has risen.
-- ARGV: prefix, account, micros, least micros (below that nothing can be bought)
local account = key('account:' .. ARGV[2])
local micros, least = tonumber(ARGV[3]), tonumber(ARGV[4])
local state = redis.call('HMGET', account, 'closed', 'balance_at_closing')
local closed, before = state[1] or '', tonumber(state[2])
redis.call('HSET', account, 'balance', digits(micros), 'balance_read', digits(NOW))
if closed == '' then
  if micros >= least then return reply('noted') end
  redis.call('HSET', account, 'closed', 'balance_low', 'closed_at', digits(NOW), 'trial_at', digits(NOW + 3600000), 'trial_every', 3600000, 'balance_at_closing', digits(micros))
  return reply('closed')
end
if closed ~= 'balance_low' and closed ~= 'balance_exhausted' then return reply('noted') end
if not before then
  redis.call('HSET', account, 'balance_at_closing', digits(micros))
elseif micros > before and micros >= least then
  redis.call('HSET', account, 'closed', '', 'suspected_by', '')
  redis.call('PUBLISH', key('places'), ARGV[2])
  return reply('opened')
elseif micros < before then
  redis.call('HSET', account, 'balance_at_closing', digits(micros))
end
return reply('noted')
