"""Venus Express Monitoring Camera: archived images → georeferenced maps."""
