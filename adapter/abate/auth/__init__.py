"""Log in without user interaction: by a password, a token, or a requested token.

Start reading at `methods.make`, which returns the login of a study file.
"""
