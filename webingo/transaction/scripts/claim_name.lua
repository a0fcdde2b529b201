-- Gives a name to a value, where nothing has it; '' only asks. Answers what has it.
local key, value, ttl_s = KEYS[1], ARGV[1], ARGV[2]
local held = redis.call('GET', key)
if held then return held end
if value ~= '' then redis.call('SET', key, value, 'EX', ttl_s) end
return value
