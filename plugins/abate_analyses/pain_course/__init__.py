"""Pain course: the scores at each visit, and the states of lesions without a score."""
