-- One transition of a seat, its money, its ledger entries and its rounds' records: all of it or nothing.
-- Everything is checked before the first write, since a script's writes are not rolled back.
local seat_key, wallet_key, ledger_key, history_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local open_key, watch_key, user_key = KEYS[5], KEYS[6], KEYS[7]
local FIRST_ROUND_KEY = 7 -- a part's round number counts from here; 0 is no round

local epoch, base, sid, at = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local game, state, private, max_win = ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[8])
local userdata, wallet, site, seat = ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local history_rounds, retention_s, parts = tonumber(ARGV[13]), ARGV[14], tonumber(ARGV[15])
local MAX_AMOUNT = 9007199254740991 -- 2^53 - 1: Lua counts in doubles, exact up to here

local held = redis.call('HMGET', seat_key, 'epoch', 'sid', 'stake', 'won', 'round')
local funds = redis.call('HMGET', wallet_key, 'balance', 'seq')
local balance, seq = tonumber(funds[1] or 0), tonumber(funds[2] or 0)
local before, seq_before = balance, seq
local function refuse(code) return {code, before, seq_before} end

if held[1] ~= epoch then return refuse('REPLACED') end
if (held[2] or '') == sid then return {'OK', balance, seq} end -- sent again after its answer got lost
if (held[2] or '') ~= base then return refuse('STALE') end

local stake, won, round = tonumber(held[3] or 0), tonumber(held[4] or 0), held[5] or ''
local entries, records = {}, {}
local at_arg = 16
for _ = 1, parts do
  local round_number, round_id, header = tonumber(ARGV[at_arg]), ARGV[at_arg + 1], ARGV[at_arg + 2]
  local record, part_state, closes = ARGV[at_arg + 3], ARGV[at_arg + 4], ARGV[at_arg + 5] == '1'
  local moves = tonumber(ARGV[at_arg + 6])
  at_arg = at_arg + 7
  if header ~= '' then stake, won = 0, 0 end
  for _ = 1, moves do
    local kind, amount = ARGV[at_arg], tonumber(ARGV[at_arg + 1])
    at_arg = at_arg + 2
    balance = balance + amount
    if amount < 0 then
      if redis.call('HEXISTS', user_key, 'blocked') == 1 then return refuse('PLAYER_BLOCKED') end
      if balance < 0 then return refuse('INSUFFICIENT_FUNDS') end
      if stake == 0 then stake = -amount end
    else
      won = won + amount
      if won > max_win * stake then return refuse('OVER_MAX_WIN') end
      if balance > MAX_AMOUNT then return refuse('LIMIT') end
    end
    seq = seq + 1
    entries[#entries + 1] = {seq, kind, amount, balance, round_id}
  end
  if round_number > 0 then
    records[#records + 1] = {KEYS[FIRST_ROUND_KEY + round_number], round_id, header, record, part_state, closes}
    round = closes and '' or round_id
  end
end

local function digits(number) return string.format('%.0f', number) end

for index, entry in ipairs(entries) do
  -- The base state is left once, so its id makes the entry's id unique for ever.
  redis.call('XADD', ledger_key, '*', 'id', base .. ':' .. index, 'wallet', wallet, 'seq', digits(entry[1]),
    'kind', entry[2], 'amount', digits(entry[3]), 'balance', digits(entry[4]), 'round', entry[5],
    'game', game, 'site', site, 'at', at)
end
if #entries > 0 then
  redis.call('HSET', wallet_key, 'balance', digits(balance), 'seq', digits(seq))
  if redis.call('HLEN', watch_key) > 1 then
    redis.call('PUBLISH', 'wb:events', 'wallet ' .. digits(seq) .. ' ' .. digits(balance) .. ' ' .. wallet)
  end
end
for _, r in ipairs(records) do
  if r[3] ~= '' then
    redis.call('RPUSH', r[1], r[3])
    redis.call('LPUSH', history_key, r[2])
    redis.call('LTRIM', history_key, 0, history_rounds - 1)
  end
  redis.call('RPUSH', r[1], r[4], r[5] ~= '' and r[5] or state)
  if r[6] then redis.call('EXPIRE', r[1], retention_s) end
end
if round ~= '' then
  redis.call('ZADD', open_key, at, seat)
elseif #records > 0 then
  redis.call('ZREM', open_key, seat)
end
redis.call('HSET', seat_key, 'sid', sid, 'game', sid ~= '' and game or '', 'state', state, 'private', private,
  'round', round, 'stake', digits(stake), 'won', digits(won))
if userdata ~= '' then redis.call('HSET', seat_key, 'userdata', userdata) end
return {'OK', balance, seq}
