-- Whose login it is, kept for another while. One from before the player's last revocation is void.
local login_key, ttl_s = KEYS[1], ARGV[1]
local kept = redis.call('GET', login_key)
if not kept then return false end
local seat, revocation, token = string.match(kept, '^(%S+) ?(%S*) ?(.*)$')
local platform, uid = string.match(seat, '^([^:]*):[^:]*:(.*)$')
local user_key = string.match(login_key, '^(.-:)login:') .. 'user:' .. platform .. ':' .. uid -- of the same shard
if (redis.call('HGET', user_key, 'revocation') or '') ~= revocation then
  redis.call('DEL', login_key)
  return false
end
redis.call('EXPIRE', login_key, ttl_s)
return {seat, token}
