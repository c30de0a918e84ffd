-- The part of the sweep for what runs beside the phases: extra charges and adoptions that a person asked for.
-- ARGV: prefix, most ids, again ms
-- Answer: flat list of id, rev for the new job.
local watched = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('watched'), '-inf', NOW, 'LIMIT', 0, tonumber(ARGV[2]))) do
  local record = load(id)
  if not record or not needsWatching(record) then
    redis.call('ZREM', key('watched'), id)
  else
    local rev = digits(num(record, 'rev') + 1)
    redis.call('HSET', key('video:' .. id), 'rev', rev)
    redis.call('ZADD', key('watched'), NOW + tonumber(ARGV[3]), id)
    watched[#watched + 1] = id
    watched[#watched + 1] = rev
  end
end
return watched
