-- All that a player's earlier logins gave is over: those that were kept are void, and running sessions hear of it.
-- `call` is unique to the call: sent again after its answer got lost, it changes nothing.
local user_key = KEYS[1]
local user, at, call = ARGV[1], tonumber(ARGV[2]), ARGV[3]

local held = redis.call('HMGET', user_key, 'revoked', 'revocation')
if held[2] == call then return {'OK', 0, 0} end
-- Later than any before it, whatever the clocks say: so news of two revocations can be told apart.
local revoked = string.format('%.0f', math.max(at, tonumber(held[1] or 0) + 1))
redis.call('HSET', user_key, 'revoked', revoked, 'revocation', call)
redis.call('PUBLISH', 'wb:events', 'revoked ' .. revoked .. ' 0 ' .. user)
return {'OK', 0, 0}
