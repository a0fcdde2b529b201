-- A session has ended: nobody watches the wallet from this seat any more, unless a later session took it.
local watch_key, site, epoch = KEYS[1], ARGV[1], ARGV[2]
if redis.call('HGET', watch_key, site) == epoch then redis.call('HDEL', watch_key, site) end
return {'OK', 0, 0}
