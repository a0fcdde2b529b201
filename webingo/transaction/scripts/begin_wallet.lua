-- A player comes to a site by a game that lives elsewhere: has a wallet there, but takes no seat. `granted` is defined in front of
-- this text by the store.
local wallet_key, ledger_key, wallets_key, seats_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local grant, at, wallet, site, denom = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

redis.call('SADD', seats_key, site .. ' ' .. denom)
local balance, seq = granted(wallet_key, wallets_key, ledger_key, wallet, grant, site, at)
return {'OK', balance, seq}
