-- Blocks a player, or lets the player in again; running sessions hear of a block.
-- `fence` is the number of the lease under which it is done, 0 for none: an earlier holder's comes too late.
local user_key, blocked, user, fence = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
if fence > 0 then
  if fence < tonumber(redis.call('HGET', user_key, 'fence') or 0) then return {'REPLACED', 0, 0} end
  redis.call('HSET', user_key, 'fence', ARGV[3])
end
if blocked == '1' then
  redis.call('HSET', user_key, 'blocked', 1)
  redis.call('PUBLISH', 'wb:events', 'block 0 0 ' .. user)
else
  redis.call('HDEL', user_key, 'blocked')
end
return {'OK', 0, 0}
