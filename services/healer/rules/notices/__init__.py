"""Pure decisions about notices and the channels that deliver them."""
