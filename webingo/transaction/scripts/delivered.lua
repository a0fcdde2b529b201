-- An operator has acknowledged: what was paid out leaves the transit wallet, and the delivery is gone.
local due_key, delivery_key, wallet_key, ledger_key, watch_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, at, note, watchers = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]) -- tells of it where there are more watchers

local held = redis.call('HMGET', delivery_key, 'payout', 'round', 'game', 'site')
if not held[1] then return {'OK', 0, 0} end -- sent again, or somebody else was told so before
local payout = tonumber(held[1])
if payout > 0 then
  local funds = redis.call('HMGET', wallet_key, 'balance', 'seq')
  local balance, seq = tonumber(funds[1] or 0) - payout, tonumber(funds[2] or 0) + 1
  if balance < 0 then return {'INSUFFICIENT_FUNDS', balance + payout, seq - 1} end
  local balance_text, seq_text = string.format('%.0f', balance), string.format('%.0f', seq)
  local wallet = string.match(wallet_key, ':wallet:(.*)$')
  redis.call('HSET', wallet_key, 'balance', balance_text, 'seq', seq_text)
  redis.call('XADD', ledger_key, '*', 'id', 'payout:' .. id, 'wallet', wallet, 'seq', seq_text, 'kind', 'payout',
    'amount', '-' .. held[1], 'balance', balance_text, 'round', held[2], 'game', held[3], 'site', held[4], 'at', at, 'note', note)
  if redis.call('HLEN', watch_key) > watchers then
    redis.call('PUBLISH', 'wb:events', 'wallet ' .. seq_text .. ' ' .. balance_text .. ' ' .. wallet)
  end
end
redis.call('DEL', delivery_key)
redis.call('ZREM', due_key, id)
return {'OK', 0, 0}
