"""Pain course: what was scored at each visit, and what became of the other lesions."""
