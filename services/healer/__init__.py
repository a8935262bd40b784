"""The healer: notices what is wrong, settles what nobody knows, and mends it with a trace."""
