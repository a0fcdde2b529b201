-- What a player has told of himself goes: the profile, and on every seat userdata and note. Logins are void as by revoke.lua.
-- Each wallet gets an entry without money, so that whoever reads the ledger hears of it in its place.
-- Seats and wallets are in the player's shard, and are found by the set in KEYS[2].
local user_key, seats_key, ledger_key = KEYS[1], KEYS[2], KEYS[3]
local platform, uid, at, call = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local user, prefix = platform .. ':' .. uid, string.match(ledger_key, '^(.*:)ledger$')

local held = redis.call('HMGET', user_key, 'revoked', 'revocation')
if held[2] == call then return {'OK', 0, 0} end -- sent again after its answer got lost
local function digits(number) return string.format('%.0f', number) end

local members, wallets, known = redis.call('SMEMBERS', seats_key), {}, {}
table.sort(members)
for _, member in ipairs(members) do
  local site, denom = string.match(member, '^(%S*) (%S+)$')
  local wallet = platform .. ':' .. denom .. ':' .. uid
  if not known[wallet] then wallets[#wallets + 1] = wallet end
  known[wallet] = true
  local seat_key = prefix .. 'seat:' .. platform .. ':' .. site .. ':' .. uid
  if site ~= '' then
    redis.call('HDEL', seat_key, 'userdata', 'note')
    redis.call('HINCRBY', seat_key, 'epoch', 1) -- a session that has them in memory still can't write them back
  end
end
for _, wallet in ipairs(wallets) do
  local wallet_key = prefix .. 'wallet:' .. wallet
  local funds = redis.call('HMGET', wallet_key, 'balance', 'seq')
  if funds[1] then
    local seq = digits(tonumber(funds[2]) + 1)
    redis.call('HSET', wallet_key, 'seq', seq)
    redis.call('XADD', ledger_key, '*', 'id', 'erase:' .. call .. ':' .. wallet, 'wallet', wallet, 'seq', seq, 'kind', 'erase',
      'amount', '0', 'balance', funds[1], 'round', '', 'game', '', 'site', '', 'at', at)
    redis.call('PUBLISH', 'wb:events', 'wallet ' .. seq .. ' ' .. funds[1] .. ' ' .. wallet)
  end
end
local revoked = digits(math.max(tonumber(at), tonumber(held[1] or 0) + 1))
redis.call('HDEL', user_key, 'profile')
redis.call('HSET', user_key, 'revoked', revoked, 'revocation', call)
redis.call('PUBLISH', 'wb:events', 'revoked ' .. revoked .. ' 0 ' .. user)
return {'OK', 0, 0}
