-- Replaces the player's own fields on a seat; only the session that has the seat may.
local seat_key, epoch, userdata = KEYS[1], ARGV[1], ARGV[2]
if redis.call('HGET', seat_key, 'epoch') ~= epoch then return {'REPLACED', 0, 0} end
redis.call('HSET', seat_key, 'userdata', userdata)
return {'OK', 0, 0}
