-- Stands in front of scripts by which a player comes to a site. The wallet's balance and seq; one that never was is created with
-- its grant.
local function granted(wallet_key, wallets_key, ledger_key, wallet, grant, site, at)
  if redis.call('EXISTS', wallet_key) == 0 then
    redis.call('HSET', wallet_key, 'balance', grant, 'seq', grant == '0' and 0 or 1)
    redis.call('SADD', wallets_key, wallet)
    if grant ~= '0' then
      redis.call('XADD', ledger_key, '*', 'id', 'grant:' .. wallet, 'wallet', wallet, 'seq', 1, 'kind', 'grant',
        'amount', grant, 'balance', grant, 'round', '', 'game', '', 'site', site, 'at', at)
    end
  end
  local funds = redis.call('HMGET', wallet_key, 'balance', 'seq')
  return tonumber(funds[1]), tonumber(funds[2])
end
