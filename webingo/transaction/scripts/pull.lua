-- The entries behind a group's cursor, for the one member that holds the shard: the lease is taken or renewed in the same step.
local groups_key, ledger_key = KEYS[1], KEYS[2]
local group, member, ttl, count = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]

local held = redis.call('HMGET', groups_key, group .. ':position', group .. ':passed', group .. ':member', group .. ':until',
  'trimmed')
local position, passed, holder, until_ms = held[1], tonumber(held[2] or 0), held[3], tonumber(held[4] or 0)
if not position then return false end -- never enrolled, or forgotten
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if holder and holder ~= member and until_ms > now then return false end
if holder ~= member or until_ms - now < ttl / 2 then -- not at every pull: most find nothing, and should write nothing
  redis.call('HSET', groups_key, group .. ':member', member, group .. ':until', string.format('%.0f', now + ttl))
end
local entries = {}
if count ~= '0' then entries = redis.call('XRANGE', ledger_key, '(' .. position, '+', 'COUNT', count) end
return {position, redis.call('XLEN', ledger_key) + tonumber(held[5] or 0) - passed, entries}
