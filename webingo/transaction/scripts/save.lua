-- Replaces what stands on a seat beside its game (the field userdata or note); only the session that has the seat may.
local seat_key, epoch, field, value = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
if redis.call('HGET', seat_key, 'epoch') ~= epoch then return {'REPLACED', 0, 0} end
redis.call('HSET', seat_key, field, value)
return {'OK', 0, 0}
