-- A member's heartbeat: until when it counts as alive, by the clock of Redis. 0 milliseconds: it leaves.
local members_key, member, ttl = KEYS[1], ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', members_key, now + ttl, member)
redis.call('ZREMRANGEBYSCORE', members_key, '-inf', now)
return redis.call('ZCARD', members_key)
