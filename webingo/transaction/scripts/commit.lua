-- One transition of a seat, its money, its ledger entries and its rounds' records: all of it or nothing.
-- Everything is checked before the first write, since a script's writes are not rolled back.
-- HISTORY_ROUNDS and RETENTION_S (seconds), and `owe`, are defined in front of this text by the store.
local seat_key, wallet_key, ledger_key, history_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local open_key, watch_key, user_key = KEYS[5], KEYS[6], KEYS[7]
local FIRST_ROUND_KEY = 7 -- a part's round number counts from here; 0 is no round

local epoch, base, sid, at, game, max_win = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local state = ARGV[7]
-- What else there is: 'p' the seat's private part changes (ARGV[9]), 'u' its userdata (the next one); 's' an operator keeps the
-- money: the id of the intent or '', 1 where wagers are preceded by what came in for them, how many deliveries, and those.
local changed = ARGV[8]
local at_arg = 9
local private, userdata
if changed:find('p', 1, true) then private, at_arg = ARGV[at_arg], at_arg + 1 end
if changed:find('u', 1, true) then userdata, at_arg = ARGV[at_arg], at_arg + 1 end
local intent, funded, owed_from, owed_to = '', false, 1, 0
if changed:find('s', 1, true) then
  intent, funded, owed_from = ARGV[at_arg], ARGV[at_arg + 1] == '1', at_arg + 3
  owed_to = at_arg + 2 + 8 * tonumber(ARGV[at_arg + 2])
  at_arg = owed_to + 1
end
local MAX_AMOUNT = 9007199254740991 -- 2^53 - 1: Lua counts in doubles, exact up to here

local held = redis.call('HMGET', seat_key, 'epoch', 'sid', 'stake', 'won', 'round', 'spent', 'intent')
local funds = redis.call('HMGET', wallet_key, 'balance', 'seq')
local balance, seq = tonumber(funds[1] or 0), tonumber(funds[2] or 0)
local before, seq_before = balance, seq
local function refuse(code) return {code, before, seq_before} end

if held[1] ~= epoch then return refuse('REPLACED') end
if (held[2] or '') == sid then return {'OK', balance, seq} end -- sent again after its answer got lost
if (held[2] or '') ~= base or (held[7] or '') ~= intent then return refuse('STALE') end

local stake, won, round = tonumber(held[3] or 0), tonumber(held[4] or 0), held[5] or ''
local wagered = 0
local NOTHING = {}
local entries, records = {}, {}
-- A part is four arguments: "<round number> <flags> w<wager> p<win> …", header, record, state. Flags: 1, it closes the round;
-- 2, "|<what the wager feeds jackpots>|<jackpots that it wins>" follows, both with spaces in between.
for first = at_arg, #ARGV, 4 do
  local moves, header, record, part_state = ARGV[first], ARGV[first + 1], ARGV[first + 2], ARGV[first + 3]
  local number, flags = string.match(moves, '^(%d+) (%d)')
  local closes, fed, triggers = flags == '1' or flags == '3', '', ''
  if flags > '1' then moves, fed, triggers = string.match(moves, '^(.-)|(.*)|(.*)$') end
  local before_part = #entries
  local round_key = number ~= '0' and KEYS[FIRST_ROUND_KEY + tonumber(number)]
  local round_id = round_key and string.match(round_key, ':round:(.*)$') or ''
  if header ~= '' then stake, won = 0, 0 end
  for letter, sum in string.gmatch(moves, '([wp])(%d+)') do
    local kind, amount = 'win', tonumber(sum)
    if letter == 'w' then kind, amount = 'wager', -amount end
    balance = balance + amount
    if amount < 0 then
      if redis.call('HEXISTS', user_key, 'blocked') == 1 then return refuse('PLAYER_BLOCKED') end
      if funded then
        balance, seq = balance - amount, seq + 1 -- as if the wager had not been yet
        if balance - amount > MAX_AMOUNT then return refuse('LIMIT') end
        entries[#entries + 1] = {seq, 'escrow', 0 - amount, balance - amount, round_id}
      end
      if balance < 0 then return refuse('INSUFFICIENT_FUNDS') end
      if stake == 0 then stake = -amount end
      wagered = wagered - amount
    else
      won = won + amount
      if won > max_win * stake then return refuse('OVER_MAX_WIN') end
      if balance > MAX_AMOUNT then return refuse('LIMIT') end
    end
    seq = seq + 1
    local entry = {seq, kind, amount, balance, round_id}
    if amount < 0 and fed ~= '' then entry[6], fed = {'fed', fed}, '' end
    entries[#entries + 1] = entry
  end
  for jackpot in string.gmatch(triggers, '%S+') do
    seq = seq + 1
    entries[#entries + 1] = {seq, 'trigger', 0, balance, round_id, {'note', jackpot}}
  end
  if round_key then
    records[#records + 1] = {round_key, round_id, header, record, part_state, closes}
    round = closes and '' or round_id
    if closes then
      if #entries == before_part then
        seq = seq + 1
        entries[#entries + 1] = {seq, 'end', 0, balance, round_id}
      end
      local last = entries[#entries]
      local more = last[6] or {}
      more[#more + 1], more[#more + 2] = 'closes', '1'
      last[6] = more
    end
  end
end

local function digits(number) return string.format('%.0f', number) end
local spent = NOTHING -- what the seat has wagered since ever; it changes with a wager only
if wagered > 0 then
  local total = tonumber(held[6] or 0) + wagered
  if total > MAX_AMOUNT then return refuse('LIMIT') end
  spent = {'spent', digits(total)}
end
-- The names of seat (platform:site:uid) and wallet stand at the end of their keys.
local seat, wallet = string.match(seat_key, ':seat:(.*)$'), string.match(wallet_key, ':wallet:(.*)$')
local site = string.match(seat, '^[^:]*:([^:]*):')

for index, entry in ipairs(entries) do
  -- The base state is left once, so its id makes the entry's id unique for ever. entry[6]: fields that few entries have.
  redis.call('XADD', ledger_key, '*', 'id', base .. ':' .. index, 'wallet', wallet, 'seq', digits(entry[1]),
    'kind', entry[2], 'amount', digits(entry[3]), 'balance', digits(entry[4]), 'round', entry[5],
    'game', game, 'site', site, 'at', at, unpack(entry[6] or NOTHING))
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
    redis.call('LTRIM', history_key, 0, HISTORY_ROUNDS - 1)
  end
  redis.call('RPUSH', r[1], r[4], r[5] ~= '' and r[5] or state)
  if r[6] then redis.call('EXPIRE', r[1], RETENTION_S) end
end
if round ~= '' then
  redis.call('ZADD', open_key, at, seat)
elseif #records > 0 then
  redis.call('ZREM', open_key, seat)
end
redis.call('HSET', seat_key, 'sid', sid, 'game', sid ~= '' and game or '', 'state', state,
  'round', round, 'stake', digits(stake), 'won', digits(won), unpack(spent))
if changed:find('s', 1, true) then
  local prefix = string.match(seat_key, '^(.-:)seat:')
  owe(prefix, ARGV, owed_from, owed_to)
  if intent ~= '' then
    redis.call('HDEL', seat_key, 'intent')
    redis.call('DEL', prefix .. 'intent:' .. seat)
    redis.call('ZREM', prefix .. 'intents', seat .. ' ' .. intent)
  end
end
if private then redis.call('HSET', seat_key, 'private', private) end
if userdata then redis.call('HSET', seat_key, 'userdata', userdata) end
return {'OK', balance, seq}
