"""Routes for explain, forecast, queue figures and failed sends."""
