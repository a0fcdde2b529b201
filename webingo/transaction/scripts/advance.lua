-- Moves a group's cursor on by what its holder has done. From where it was said to be, or not at all: so the count stays exact.
local groups_key = KEYS[1]
local group, member, position, count, base = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local held = redis.call('HMGET', groups_key, group .. ':position', group .. ':member')
if not held[1] or held[2] ~= member then return 0 end
if held[1] == position then return 1 end -- sent again after its answer got lost
if held[1] ~= base then return 0 end
redis.call('HSET', groups_key, group .. ':position', position)
redis.call('HINCRBY', groups_key, group .. ':passed', count)
return 1
