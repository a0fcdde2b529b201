-- One process at a time does what a lease is for. The number goes up with every holder, so that what an earlier one still has in
-- hand can be told from what the present one does.
local holder_key, count_key = KEYS[1], KEYS[2]
local member, ttl_ms = ARGV[1], ARGV[2]

local holder = redis.call('GET', holder_key)
if holder and holder ~= member then return 0 end
if ttl_ms == '0' then
  redis.call('DEL', holder_key)
  return 0
end
if not holder then redis.call('INCR', count_key) end
redis.call('SET', holder_key, member, 'PX', ttl_ms)
return tonumber(redis.call('GET', count_key))
