"""Pure decisions of the sender: who is the person asked for, and what an answer means for the send."""
