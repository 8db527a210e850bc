"""Parts that several analyses share: counts, pairs, patients, and the units of estimates."""
