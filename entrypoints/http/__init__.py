"""The door to the web: REST by the specification, and webhooks as bytes."""
