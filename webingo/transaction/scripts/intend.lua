-- Keeps an outcome that nobody has seen, while an operator is asked for its wagers. The seat then takes no other transaction.
local seat_key, user_key, intent_key, intents_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local epoch, base, id, at, document = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5] -- what could be owed for it follows

local held = redis.call('HMGET', seat_key, 'epoch', 'sid', 'intent', 'aborted')
if held[1] ~= epoch then return {'REPLACED', 0, 0} end
if held[3] == id then return {'OK', 0, 0} end -- sent again after its answer got lost
if (held[2] or '') ~= base or held[3] or held[4] == id then return {'STALE', 0, 0} end
if redis.call('HEXISTS', user_key, 'blocked') == 1 then return {'PLAYER_BLOCKED', 0, 0} end

redis.call('HSET', seat_key, 'intent', id)
redis.call('RPUSH', intent_key, document, at, unpack(ARGV, 6))
redis.call('ZADD', intents_key, at, string.match(seat_key, ':seat:(.*)$') .. ' ' .. id)
return {'OK', 0, 0}
