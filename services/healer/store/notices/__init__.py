"""SQL for notices and the channels that deliver them."""
