"""The token endpoint of the front, and the door that it opens: one token at a time is good."""

import json

from fault import Said

OPEN = ("metadata", ".well-known")


class Tokens:
    """Gives tokens, and refuses who shows none that is good."""

    def __init__(self):
        self.given = 0
        self.good = None
        self.has_expired = False

    def expire(self):
        """From now on no token is good."""
        self.good = None
        self.has_expired = True

    def answer(self, asked):
        """A token, or a refusal; None lets a request in."""
        if asked.kind == "token":
            self.given += 1
            self.good = f"bearer t{self.given}"
            content = {"access_token": f"t{self.given}", "token_type": "bearer", "expires_in": 300}
            return Said(body=json.dumps(content).encode()).having(Content_Type="application/json")
        if asked.kind in OPEN or asked.headers.get("authorization") == self.good is not None:
            return None
        return Said(status=401)
