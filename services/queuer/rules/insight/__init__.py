"""Pure decisions about explain, forecast, queue figures and failed sends."""
