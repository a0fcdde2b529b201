"""webingo's benchmark: `python -m bench` plays bets on the real server and says what one costs."""
