-- Removes old entries that every group has passed, and keeps for each of their wallets where it stood after the last of them:
-- what is left of the ledger can still be checked link by link.
local groups_key, ledger_key, trimmed_key = KEYS[1], KEYS[2], KEYS[3]
local before, most = tonumber(ARGV[1]), ARGV[2] -- ARGV[3] and on: groups without which nothing is removed

local function parts(position)
  local ms, number = string.match(position, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(number)
end
local function earlier(one, other)
  local ms, number = parts(one)
  local other_ms, other_number = parts(other)
  return ms < other_ms or ms == other_ms and number < other_number
end

local passed_by_all, enrolled = '+', {}
local held = redis.call('HGETALL', groups_key)
for field = 1, #held, 2 do
  local group = string.match(held[field], '^(.*):position$')
  if group then
    enrolled[group] = true
    local position = held[field + 1]
    if passed_by_all == '+' or earlier(position, passed_by_all) then passed_by_all = position end
  end
end
for needed = 3, #ARGV do
  if not enrolled[ARGV[needed]] then return 0 end
end

local function old_entries(count)
  local old = {}
  for _, entry in ipairs(redis.call('XRANGE', ledger_key, '-', passed_by_all, 'COUNT', count)) do
    local named = {}
    for field = 1, #entry[2], 2 do named[entry[2][field]] = entry[2][field + 1] end
    if tonumber(named.at) >= before then break end
    named.position = entry[1]
    old[#old + 1] = named
  end
  return old
end

if #old_entries(1) == 0 then return 0 end -- as at almost every sweep
local old = old_entries(most)
for _, entry in ipairs(old) do
  redis.call('HSET', trimmed_key, entry.wallet, entry.seq .. ' ' .. entry.balance)
end
local ms, number = parts(old[#old].position)
redis.call('XTRIM', ledger_key, 'MINID', string.format('%.0f-%.0f', ms, number + 1))
redis.call('HINCRBY', groups_key, 'trimmed', #old)
return #old
