"""How fast the pipeline is, on the machine it runs on, and what each of its processes costs."""
