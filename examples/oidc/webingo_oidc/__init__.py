"""A platform for webingo: players log in with any provider of OpenID Connect. docs/platforms.md walks through it."""
