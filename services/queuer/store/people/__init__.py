"""SQL for leads: import, approval, do-not-contact lists."""
