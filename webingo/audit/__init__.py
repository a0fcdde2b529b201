"""Whether random numbers look like ones: classical tests with known distributions, and a verdict over all of them."""
