-- A meter's next state, the wins and the log that go with it: all of it, where the meter is still what the change was made of.
-- Nothing is counted here: amounts are text.
local meter_key, wins_key, owed_key, log_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local base, by = ARGV[1], ARGV[2] -- the number of the change before, and this change's own unique name
local fields, wins, notes = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local CHANNEL = 'wb:jackpots'
local first_win = 6 + 2 * fields
local first_note = first_win + 2 * wins
local first_news = first_note + notes

local held = redis.call('HMGET', meter_key, 'n', 'by')
if held[2] == by then return {'OK'} end -- sent again after its answer got lost
if (held[1] or '0') ~= base then return {'MOVED', redis.call('HGETALL', meter_key)} end
for at = first_win, first_note - 1, 2 do
  local granted = redis.call('HGET', wins_key, ARGV[at])
  if granted then return {'CLAIMED', granted} end
end

redis.call('HSET', meter_key, 'by', by, unpack(ARGV, 6, first_win - 1))
for at = first_win, first_note - 1, 2 do
  redis.call('HSET', wins_key, ARGV[at], ARGV[at + 1])
  redis.call('SADD', owed_key, ARGV[at])
end
for at = first_note, first_news - 1 do redis.call('XADD', log_key, '*', 'note', ARGV[at]) end
for at = first_news, #ARGV do redis.call('PUBLISH', CHANNEL, ARGV[at]) end
return {'OK'}
