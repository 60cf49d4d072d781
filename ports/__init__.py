"""The published language of Invekto: what a plugin and the house say to each other."""
