-- A call of a game that lives elsewhere: the round's status, its money, ledger entries, record and deliveries, all or nothing,
-- once per seat and id. HISTORY_ROUNDS, RETENTION_S (seconds) and owe() (deliveries.lua) stand in front of this text.
local round_key, call_key, seat_key, ledger_key, history_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local open_key, user_key, wallets_key, seats_key = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local op, id, fingerprint, amount, at = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local given_wallet, site, denom, funded, definite, code, answer = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
-- Of a new round: our name of it, its game, its cap, the header of its record. Of every step: its record around the moves.
local new_round, game, max_win, header, head, tail = ARGV[13], ARGV[14], ARGV[15], ARGV[16], ARGV[17], ARGV[18]
local FIRST_OWED = 19 -- deliveries, eight values each, as owe() takes them
local MAX_AMOUNT = 9007199254740991 -- 2^53 - 1: Lua counts in doubles, exact up to here

local function digits(number) return string.format('%.0f', number) end
local prefix, seat = string.match(ledger_key, '^(.*:)ledger$'), string.match(seat_key, ':seat:(.*)$')

-- The round. Those of its escrows that stand, and those that an operator is being asked for, are lists of ids in `escrows` and
-- `asking`; `amount:<id>` is what each takes, `owed:<id>` the delivery that takes it back: "<due> <delivery id> <document>".
local named = {'id', 'status', 'wallet', 'game', 'max_win', 'funded', 'stake', 'steps', 'escrows', 'asking'}
local round = {}
for index, value in ipairs(redis.call('HMGET', round_key, unpack(named))) do round[named[index]] = value end
local known = round.id ~= false -- where there is a status only, a cancel has overtaken the escrow
local stake, steps, won = tonumber(round.stake or 0), tonumber(round.steps or 0), 0
local escrows, asking = round.escrows or '', round.asking or ''

-- What stands under the id.
local held = redis.call('HMGET', call_key, 'fingerprint', 'code', 'balance', 'seq', 'status', 'round', 'stake', 'answer')
local pending = held[2] == 'ASKING'
local begins = op == 'ask' or op == 'escrow' and not pending

local wallet = (begins or not known) and given_wallet or round.wallet
local wallet_key = prefix .. 'wallet:' .. wallet
local funds = redis.call('HMGET', wallet_key, 'balance', 'seq')
local balance, seq = tonumber(funds[1] or 0), tonumber(funds[2] or 0)

local function refuse(reason) return {reason, balance, seq} end
local function keep(reason, status, ends)
  local kept = {'fingerprint', fingerprint, 'code', reason, 'status', status, 'round', round.id or '', 'balance', digits(balance),
    'seq', digits(seq), 'stake', digits(stake)}
  if answer ~= '' then kept[#kept + 1], kept[#kept + 2] = 'answer', answer end
  redis.call('HSET', call_key, unpack(kept))
  if ends then redis.call('EXPIRE', call_key, RETENTION_S) end
end

if held[1] then
  if held[1] ~= fingerprint and (op ~= 'abort' or fingerprint ~= '') then return refuse('ID_REUSED') end
  if not pending or op ~= 'escrow' and op ~= 'abort' then
    local repeated = (held[2] == 'OK' or pending or op == 'abort') and 'OK' or held[2]
    return {repeated, tonumber(held[3]), tonumber(held[4]), held[5], held[6], tonumber(held[7]), 1, held[8] or ''}
  end
  fingerprint = held[1]
elseif op == 'again' then
  return refuse('NO_ROUND')
end

-- Whether it may be.
local over = round.status == 'closed' or round.status == 'cancelled'
if begins then
  if over then return refuse('ROUND_OVER') end
  if known and (round.wallet ~= wallet or round.funded ~= funded) then return refuse('FORBIDDEN') end
  if op == 'escrow' and funded == '1' then return refuse('NO_ROUND') end
elseif not known or op == 'abort' and not pending or pending and held[6] ~= round.id then
  if op == 'cancel' then
    redis.call('HSET', round_key, 'status', 'cancelled')
    redis.call('EXPIRE', round_key, RETENTION_S)
  end
  return refuse('NO_ROUND')
elseif op == 'escrow' then
  amount = tonumber(redis.call('HGET', round_key, 'amount:' .. id))
end
local spent = tonumber(redis.call('HGET', seat_key, 'spent') or 0)
if op == 'ask' or op == 'escrow' then
  local reason
  if redis.call('HEXISTS', user_key, 'blocked') == 1 then
    reason = 'PLAYER_BLOCKED'
  elseif begins and funded == '0' and balance < amount then
    reason = 'INSUFFICIENT_FUNDS'
  elseif spent + amount > MAX_AMOUNT then
    reason = 'LIMIT'
  end
  if reason then
    if begins then keep(reason, 'cancelled', true) end
    return refuse(reason)
  end
elseif op == 'result' then
  if over then return refuse('ROUND_OVER') end
  if asking ~= '' then return refuse('UNAVAILABLE') end
  if amount > tonumber(round.max_win) * stake or balance + amount > MAX_AMOUNT then return refuse('LIMIT') end
  local paid = 0
  for first = FIRST_OWED, #ARGV, 8 do paid = paid + tonumber(ARGV[first + 4]) end
  if round.funded == '1' and paid ~= amount then return refuse('NOT_OWED') end
elseif op == 'cancel' then
  if round.status == 'closed' then return refuse('ROUND_OVER') end
  if not over and balance + stake > MAX_AMOUNT then return refuse('LIMIT') end
end

-- From here on nothing is refused any more.
if not known then
  round = {id = new_round, status = 'asking', wallet = wallet, game = game, max_win = max_win, funded = funded}
  redis.call('HSET', round_key, 'id', new_round, 'wallet', wallet, 'game', game, 'max_win', max_win, 'funded', funded,
    'at', at, 'header', header)
  redis.call('ZADD', open_key, at, string.match(round_key, ':outside:(.*)$'))
end
local entries, moves, owed = {}, '', {}
local function take_back(ask, payout)
  local due, delivery, document = string.match(redis.call('HGET', round_key, 'owed:' .. ask) or '', '^(%d+) (%S+) (.*)$')
  if due then
    for _, value in ipairs({delivery, wallet, document, due, digits(payout)}) do owed[#owed + 1] = value end
    for _, value in ipairs({round.id, round.game, site}) do owed[#owed + 1] = value end
  end
end
local function without(list, ask)
  local left = {}
  for other in string.gmatch(list, '%S+') do
    if other ~= ask then left[#left + 1] = other end
  end
  return table.concat(left, ' ')
end
local function added(list, ask) return list == '' and ask or list .. ' ' .. ask end

local status, now = nil, round.status -- of the call, and of the round
if op == 'ask' then
  status, asking = 'asking', added(asking, id)
  redis.call('HSET', round_key, 'amount:' .. id, digits(amount), 'asked', at)
  if #ARGV > FIRST_OWED then
    redis.call('HSET', round_key, 'owed:' .. id, ARGV[FIRST_OWED + 3] .. ' ' .. ARGV[FIRST_OWED] .. ' ' .. ARGV[FIRST_OWED + 2])
  end
elseif op == 'escrow' then
  if round.funded == '1' then entries[1] = {'escrow', amount} else redis.call('HSET', round_key, 'amount:' .. id, digits(amount)) end
  entries[#entries + 1] = {'wager', -amount}
  moves, now, stake = '["wager",' .. digits(amount) .. ']', 'escrowed', stake + amount
  escrows, asking = added(escrows, id), without(asking, id)
  redis.call('HSET', seat_key, 'spent', digits(spent + amount))
  redis.call('SADD', wallets_key, wallet)
  redis.call('SADD', seats_key, site .. ' ' .. denom)
elseif op == 'result' then
  now, won = 'closed', amount
  entries[1] = amount > 0 and {'win', amount} or {'end', 0}
  if amount > 0 then moves = '["win",' .. digits(amount) .. ']' end
  if round.funded == '1' then
    for first = FIRST_OWED, #ARGV, 8 do
      for field = 0, 4 do owed[#owed + 1] = field == 1 and wallet or ARGV[first + field] end
      for _, value in ipairs({round.id, round.game, site}) do owed[#owed + 1] = value end
    end
  end
elseif op == 'cancel' and not over then
  now = 'cancelled'
  for escrow in string.gmatch(escrows, '%S+') do
    take_back(escrow, tonumber(redis.call('HGET', round_key, 'amount:' .. escrow)))
  end
  for ask in string.gmatch(asking, '%S+') do
    take_back(ask, 0)
    local ask_key = prefix .. 'outcall:' .. #ask .. ':' .. ask .. ':' .. seat
    redis.call('HSET', ask_key, 'code', 'ROUND_OVER', 'status', 'cancelled')
    redis.call('EXPIRE', ask_key, RETENTION_S)
  end
  asking = ''
  if stake > 0 then
    entries[1], moves = {'cancel', stake}, '["cancel",' .. digits(stake) .. ']'
    redis.call('HSET', seat_key, 'spent', digits(spent - stake))
  end
elseif op == 'abort' then
  status, asking = 'cancelled', without(asking, id)
  if definite == '0' then take_back(id, 0) end
  redis.call('HDEL', round_key, 'owed:' .. id)
  if escrows == '' and asking == '' then now = 'cancelled' end
end

local ended = not over and (now == 'closed' or now == 'cancelled')
for index, entry in ipairs(entries) do
  local kind, sum = entry[1], entry[2]
  balance, seq, steps = balance + sum, seq + 1, steps + 1
  local closes = ended and index == #entries and {'closes', '1'} or {}
  redis.call('XADD', ledger_key, '*', 'id', 'outside:' .. round.id .. ':' .. steps, 'wallet', wallet, 'seq', digits(seq),
    'kind', kind, 'amount', digits(sum), 'balance', digits(balance), 'round', round.id, 'game', round.game, 'site', site,
    'at', at, unpack(closes))
end
local record_key = prefix .. 'round:' .. round.id
if #entries > 0 then
  redis.call('HSET', wallet_key, 'balance', digits(balance), 'seq', digits(seq))
  if redis.call('HLEN', prefix .. 'watch:' .. wallet) > 0 then
    redis.call('PUBLISH', 'wb:events', 'wallet ' .. digits(seq) .. ' ' .. digits(balance) .. ' ' .. wallet)
  end
  local first = redis.call('HGET', round_key, 'header')
  if first then -- money moves for the first time: only now is it a round for others
    redis.call('RPUSH', record_key, first)
    redis.call('HDEL', round_key, 'header')
    redis.call('LPUSH', history_key, round.id)
    redis.call('LTRIM', history_key, 0, HISTORY_ROUNDS - 1)
  end
  redis.call('RPUSH', record_key, head .. moves .. tail, '{"id":"' .. round.id .. ':' .. steps .. '","name":"' .. now
    .. '","data":{"stake":' .. digits(stake) .. ',"won":' .. digits(won) .. '},"actions":[]}')
end
if ended then
  redis.call('ZREM', open_key, string.match(round_key, ':outside:(.*)$'))
  for each in string.gmatch(escrows .. ' ' .. (round.asking or ''), '%S+') do -- it may hold a secret of the operator's
    redis.call('HDEL', round_key, 'owed:' .. each)
  end
  redis.call('EXPIRE', record_key, RETENTION_S)
end
if op == 'abort' and definite == '1' and ended then
  redis.call('DEL', round_key) -- as if it had never been
elseif not over then
  redis.call('HSET', round_key, 'status', now, 'stake', digits(stake), 'won', digits(won), 'steps', steps, 'escrows', escrows,
    'asking', asking)
  if ended then redis.call('EXPIRE', round_key, RETENTION_S) end
end
owe(prefix, owed, 1)
keep(op == 'ask' and 'ASKING' or op == 'abort' and code or 'OK', status or now, op ~= 'ask')
return {'OK', balance, seq, status or now, round.id, stake, 0, answer, owed}
