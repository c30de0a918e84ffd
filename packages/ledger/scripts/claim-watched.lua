-- The part of the sweep for what runs beside the phases: extra charges, and what a person asked for.
-- ARGV: prefix, most ids, again ms, again ms where only files are archived again (a copy may take long)
-- Answer: flat list of id, rev for the new jobs, the stages that are to look: poll | archive | poll,archive.
local watched = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('watched'), '-inf', NOW, 'LIMIT', 0, tonumber(ARGV[2]))) do
  local record = load(id)
  if not record or not needsWatching(record) then
    redis.call('ZREM', key('watched'), id)
  else
    local rev = digits(num(record, 'rev') + 1)
    redis.call('HSET', key('video:' .. id), 'rev', rev)
    local polls, archives = needsPolling(record), get(record, 'rearchive_by') ~= ''
    redis.call('ZADD', key('watched'), NOW + tonumber(polls and ARGV[3] or ARGV[4]), id)
    watched[#watched + 1] = id
    watched[#watched + 1] = rev
    watched[#watched + 1] = (polls and archives and 'poll,archive') or (polls and 'poll') or 'archive'
  end
end
return watched
