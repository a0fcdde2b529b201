-- Where a group stands in a shard: cursor, entries behind it, who holds the shard, and the first entry that waits.
local groups_key, ledger_key, group = KEYS[1], KEYS[2], ARGV[1]
local held = redis.call('HMGET', groups_key, group .. ':position', group .. ':passed', group .. ':member', group .. ':until',
  'trimmed')
local trimmed = tonumber(held[5] or 0)
local time = redis.call('TIME')
local alive = tonumber(held[4] or 0) > time[1] * 1000 + math.floor(time[2] / 1000)
local waiting = redis.call('XRANGE', ledger_key, '(' .. (held[1] or '0-0'), '+', 'COUNT', 1)
return {held[1] or '', redis.call('XLEN', ledger_key) + trimmed - tonumber(held[2] or trimmed), alive and held[3] or '', waiting}
