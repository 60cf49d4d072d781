"""Mail going out: to a server, or to a folder where there is none."""
