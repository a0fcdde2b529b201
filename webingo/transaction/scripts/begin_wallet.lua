-- A wallet that never was is created with its grant, and the player is known on the site; nobody takes the seat.
local wallet_key, ledger_key, wallets_key, seats_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local grant, at, wallet, site, denom = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

redis.call('SADD', seats_key, site .. ' ' .. denom)
if redis.call('EXISTS', wallet_key) == 0 then
  redis.call('HSET', wallet_key, 'balance', grant, 'seq', grant == '0' and 0 or 1)
  redis.call('SADD', wallets_key, wallet)
  if grant ~= '0' then
    redis.call('XADD', ledger_key, '*', 'id', 'grant:' .. wallet, 'wallet', wallet, 'seq', 1, 'kind', 'grant',
      'amount', grant, 'balance', grant, 'round', '', 'game', '', 'site', site, 'at', at)
  end
end
local funds = redis.call('HMGET', wallet_key, 'balance', 'seq')
return {'OK', tonumber(funds[1]), tonumber(funds[2])}
