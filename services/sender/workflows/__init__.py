"""The sender's story: begin (send.py), act (courier.py), finish (finish.py)."""
