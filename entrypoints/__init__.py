"""The only place that knows everything: here the house is put together and started."""
