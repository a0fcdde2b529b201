-- A consumer group gets its cursor before the first entry that is kept; one that has a cursor keeps it.
local groups_key, group = KEYS[1], ARGV[1]
if redis.call('HSETNX', groups_key, group .. ':position', '0-0') == 1 then
  redis.call('HSET', groups_key, group .. ':passed', redis.call('HGET', groups_key, 'trimmed') or '0')
end
return 'OK'
