-- A delivery is put off, with what is known of it by now.
local due_key, delivery_key, id, due, document = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
if redis.call('ZSCORE', due_key, id) then
  redis.call('ZADD', due_key, due, id)
  redis.call('HSET', delivery_key, 'document', document)
end
return 'OK'
