"""The sender's story: begin (send.py), act (call_pool.py), finish (finish.py)."""
