-- Remembers a login, with the player's last revocation before it: a later one makes it void.
local login_key, user_key = KEYS[1], KEYS[2]
local seat, ttl_s, token = ARGV[1], ARGV[2], ARGV[3] -- an operator's token; a text of any kind, '' for none
local revocation = redis.call('HGET', user_key, 'revocation')
redis.call('SET', login_key, seat .. ' ' .. (revocation or '') .. ' ' .. token, 'EX', ttl_s)
return 'OK'
