"""Profile: the treated and analysed patients and lesions."""
