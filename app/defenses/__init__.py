"""The defenses page: one image through all of them, and what became of many behind one."""
