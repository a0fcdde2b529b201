-- Keeps what a call was answered, where nothing was kept before, and answers what stands.
local call_key, answer = KEYS[1], ARGV[1]
if redis.call('EXISTS', call_key) == 0 then return '' end
redis.call('HSETNX', call_key, 'answer', answer)
return redis.call('HGET', call_key, 'answer')
