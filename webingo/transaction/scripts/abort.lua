-- Nothing comes of an intent: what it would be owed for is owed. 1: it is gone by an abort, this one or one before; 0: otherwise;
-- -1: another session has the seat.
-- `owe` is defined in front of this text by the store.
local seat_key, intent_key, intents_key = KEYS[1], KEYS[2], KEYS[3]
local id, epoch = ARGV[1], ARGV[2] -- the session's epoch; '' where it does not matter whose the seat is
local given = ARGV[3] -- 1 where what is owed follows; else it is what was said when the intent was kept

local held = redis.call('HMGET', seat_key, 'intent', 'aborted', 'epoch')
if epoch ~= '' and held[3] ~= epoch then return -1 end
if held[1] ~= id then return held[2] == id and 1 or 0 end

local prefix, seat = string.match(seat_key, '^(.-:)seat:(.*)$')
if given == '1' then
  owe(prefix, ARGV, 4)
else
  owe(prefix, redis.call('LRANGE', intent_key, 2, -1), 1)
end
redis.call('HDEL', seat_key, 'intent')
redis.call('HSET', seat_key, 'aborted', id) -- so that this call, or the intent itself, may come again
redis.call('DEL', intent_key)
redis.call('ZREM', intents_key, seat .. ' ' .. id)
return 1
