"""From a file somebody exported to rows of people: nothing is lost silently, and no file is held in memory."""
