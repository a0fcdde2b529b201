"""The reference backoffice: a program of its own, with a database of its own, that knows the servers by their API only."""
