"""Log in without anybody who sits there: by a password, a token, or a token that is asked for.

`methods.make` gives the login that a study file names; start reading there.
"""
