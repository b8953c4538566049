"""What the simulated org knows of its objects: fields, types, picklists, relationships."""
