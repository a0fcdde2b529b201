-- A win was paid: it is not owed any more, and the log says when that was.
local owed_key, log_key = KEYS[1], KEYS[2]
local claim, note = ARGV[1], ARGV[2]
local was_owed = redis.call('SREM', owed_key, claim)
if was_owed == 1 then redis.call('XADD', log_key, '*', 'note', note) end
return {'OK', was_owed}
