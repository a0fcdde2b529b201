-- Remembers a login, with the player's last revocation before it: a later one makes it void.
local login_key, user_key = KEYS[1], KEYS[2]
local seat, ttl_s = ARGV[1], ARGV[2]
local revocation = redis.call('HGET', user_key, 'revocation')
redis.call('SET', login_key, revocation and seat .. ' ' .. revocation or seat, 'EX', ttl_s)
return 'OK'
