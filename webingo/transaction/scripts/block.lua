-- Blocks a player, or lets the player in again; running sessions hear of a block.
local user_key, blocked, user = KEYS[1], ARGV[1], ARGV[2]
if blocked == '1' then
  redis.call('HSET', user_key, 'blocked', 1)
  redis.call('PUBLISH', 'wb:events', 'block 0 0 ' .. user)
else
  redis.call('HDEL', user_key, 'blocked')
end
return {'OK', 0, 0}
