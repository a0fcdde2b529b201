-- A member gives a shard up, if it is still its holder.
local groups_key, group, member = KEYS[1], ARGV[1], ARGV[2]
if redis.call('HGET', groups_key, group .. ':member') == member then
  redis.call('HDEL', groups_key, group .. ':member', group .. ':until')
end
return 'OK'
