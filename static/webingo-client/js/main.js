/** The lobby by itself: who plays stands in the address, or is a guest. */

import { play } from "./app.js";
import { currentPlayer } from "./player.js";

play(currentPlayer());
