-- Money that moves outside of any session, once per posting id; a repetition is answered as the first call was.
-- What is owed to operators for it follows the arguments (`owe` is defined in front of this text by the store).
-- `takes` is 1 where no more than there is shall go: what was missing then stands on the entry.
local once_key, wallet_key, ledger_key, wallets_key, seats_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, wallet, kind, asked, note, at = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local round, game, site, denom, takes = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11] == '1'
local MAX_AMOUNT = 9007199254740991

local first = redis.call('HMGET', once_key, 'amount', 'kind', 'balance', 'seq', 'taken')
if first[1] then
  local same = tonumber(first[1]) == asked and first[2] == kind and takes == (first[5] ~= false)
  return {same and 'OK' or 'BAD_PARAMS', tonumber(first[3]), tonumber(first[4]), tonumber(first[5] or 0)}
end
local funds = redis.call('HMGET', wallet_key, 'balance', 'seq')
local before, seq = tonumber(funds[1] or 0), tonumber(funds[2] or 0)
local amount, short = asked, 0
if takes and before + asked < 0 then amount, short = 0 - before, -asked - before end -- 0 - 0 is 0, and -0 would be written "-0"
local balance = before + amount
if balance < 0 then return {'INSUFFICIENT_FUNDS', before, seq} end
if balance > MAX_AMOUNT then return {'LIMIT', before, seq} end

local function digits(number) return string.format('%.0f', number) end
local balance_text, seq_text = digits(balance), digits(seq + 1)
redis.call('HSET', once_key, 'amount', digits(asked), 'kind', kind, 'balance', balance_text, 'seq', seq_text)
if takes then redis.call('HSET', once_key, 'taken', digits(0 - amount)) end
redis.call('HSET', wallet_key, 'balance', balance_text, 'seq', seq_text)
redis.call('SADD', wallets_key, wallet)
redis.call('SADD', seats_key, ' ' .. denom) -- so that the player's wallets are found, also where no site was visited
local more = short > 0 and {'short', digits(short)} or {}
redis.call('XADD', ledger_key, '*', 'id', 'post:' .. #id .. ':' .. id .. ':' .. wallet, 'wallet', wallet, 'seq', seq_text, 'kind', kind,
  'amount', digits(amount), 'balance', balance_text, 'round', round, 'game', game, 'site', site, 'at', at, 'note', note, unpack(more))
owe(string.match(ledger_key, '^(.*:)ledger$'), ARGV, 12)
redis.call('PUBLISH', 'wb:events', 'wallet ' .. seq_text .. ' ' .. balance_text .. ' ' .. wallet)
redis.call('PUBLISH', 'wb:events', 'posted ' .. seq_text .. ' ' .. digits(amount) .. ' ' .. wallet .. ' ' .. kind)
return {'OK', balance, seq + 1, 0 - amount}
