"""Lua scripts that several tests of the links run."""

from webingo.support.redis import Script

# As every script of ours: the id makes a repetition harmless, and answers as the first run did.
INCREASE = Script(
    "increase",
    "local done = redis.call('HGET', KEYS[1], ARGV[1]) "
    "if done then return tonumber(done) end "
    "local n = redis.call('INCR', KEYS[2]) "
    "redis.call('HSET', KEYS[1], ARGV[1], n) "
    "return n",
)
