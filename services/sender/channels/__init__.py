"""Ways to deliver an attempt. registry.py knows which channel delivers which action; each channel has a module of its own."""
