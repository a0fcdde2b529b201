-- Stands in front of scripts that owe operators something. Makes deliveries of values[first] to values[last], eight for each:
-- id, wallet, document, due (ms), payout, round, game, site. `prefix` is what all keys of the shard begin with.
local function owe(prefix, values, first, last)
  for at = first, last or #values, 8 do
    redis.call('HSET', prefix .. 'delivery:' .. values[at], 'wallet', values[at + 1], 'document', values[at + 2],
      'payout', values[at + 4], 'round', values[at + 5], 'game', values[at + 6], 'site', values[at + 7])
    redis.call('ZADD', prefix .. 'due', values[at + 3], values[at])
  end
end
