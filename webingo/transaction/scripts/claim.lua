-- Deliveries that are due, and nobody else gets them until a while later.
local due_key, now, until_ms, count = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local prefix, found = string.match(due_key, '^(.*:)due$'), {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', due_key, '-inf', now, 'LIMIT', 0, count)) do
  redis.call('ZADD', due_key, until_ms, id)
  found[#found + 1] = {id, redis.call('HMGET', prefix .. 'delivery:' .. id, 'wallet', 'document', 'payout', 'round', 'game', 'site')}
end
return found
