-- Money that moves outside of any session, once per posting id; a repetition is answered as the first call was.
local once_key, wallet_key, ledger_key, wallets_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, wallet, kind, amount, note, at = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local round, game, site = ARGV[7], ARGV[8], ARGV[9]
local MAX_AMOUNT = 9007199254740991

local first = redis.call('HMGET', once_key, 'amount', 'kind', 'balance', 'seq')
if first[1] then
  local same = tonumber(first[1]) == amount and first[2] == kind
  return {same and 'OK' or 'BAD_PARAMS', tonumber(first[3]), tonumber(first[4])}
end
local funds = redis.call('HMGET', wallet_key, 'balance', 'seq')
local before, seq = tonumber(funds[1] or 0), tonumber(funds[2] or 0)
local balance = before + amount
if balance < 0 then return {'INSUFFICIENT_FUNDS', before, seq} end
if balance > MAX_AMOUNT then return {'LIMIT', before, seq} end

local function digits(number) return string.format('%.0f', number) end
local balance_text, seq_text = digits(balance), digits(seq + 1)
redis.call('HSET', once_key, 'amount', digits(amount), 'kind', kind, 'balance', balance_text, 'seq', seq_text)
redis.call('HSET', wallet_key, 'balance', balance_text, 'seq', seq_text)
redis.call('SADD', wallets_key, wallet)
redis.call('XADD', ledger_key, '*', 'id', 'post:' .. #id .. ':' .. id .. ':' .. wallet, 'wallet', wallet, 'seq', seq_text, 'kind', kind,
  'amount', digits(amount), 'balance', balance_text, 'round', round, 'game', game, 'site', site, 'at', at, 'note', note)
redis.call('PUBLISH', 'wb:events', 'wallet ' .. seq_text .. ' ' .. balance_text .. ' ' .. wallet)
return {'OK', balance, seq + 1}
