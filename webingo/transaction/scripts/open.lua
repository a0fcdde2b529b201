-- A new session takes a seat: from now on only its epoch can write.
-- `granted` is defined in front of this text by the store.
local seat_key, wallet_key, ledger_key, watch_key, user_key, wallets_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local seats_key, intent_key = KEYS[7], KEYS[8]
local grant, at, wallet, seat, site, denom = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local by_house = ARGV[7] -- 1: not a player's login, but the closing of an abandoned round

local user = redis.call('HMGET', user_key, 'blocked', 'revoked')
if user[1] then return {'PLAYER_BLOCKED', 0, 0} end
local held = redis.call('HMGET', seat_key, 'wallet', 'round')
if (held[2] or '') ~= '' and held[1] ~= wallet then
  return {'OTHER_WALLET', 0, 0} -- the site's denomination was changed under an unfinished round
end
local epoch = redis.call('HINCRBY', seat_key, 'epoch', 1)
redis.call('HSET', seat_key, 'wallet', wallet)
redis.call('SADD', seats_key, site .. ' ' .. denom)
if redis.call('HSET', watch_key, site, epoch) == 0 then
  redis.call('PUBLISH', 'wb:events', 'seat ' .. epoch .. ' ' .. by_house .. ' ' .. seat)
end
local balance, seq = granted(wallet_key, wallets_key, ledger_key, wallet, grant, site, at)
local found = redis.call('HMGET', seat_key, 'userdata', 'game', 'state', 'private', 'round', 'spent', 'intent')
local intent = found[7] and redis.call('LRANGE', intent_key, 0, 1) or {'', '0'}
return {'OK', balance, seq, epoch,
  found[1] or '{}', found[2] or '', found[3] or '', found[4] or '', found[5] or '',
  tonumber(found[6] or 0), tonumber(user[2] or 0), intent[1], tonumber(intent[2])}
