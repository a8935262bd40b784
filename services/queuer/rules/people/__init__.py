"""Pure decisions about leads: import, approval, do-not-contact lists."""
