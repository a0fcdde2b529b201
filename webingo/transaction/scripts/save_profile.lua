-- Replaces what a platform says of a player; where `revoked` is given, only if that is the player's last revocation still.
local user_key, document, revoked = KEYS[1], ARGV[1], ARGV[2]
if revoked ~= '' and (redis.call('HGET', user_key, 'revoked') or '0') ~= revoked then return {'AUTH_FAILED', 0, 0} end
redis.call('HSET', user_key, 'profile', document)
return {'OK', 0, 0}
