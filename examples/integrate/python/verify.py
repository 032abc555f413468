"""Checks Saoma's access tokens with PyJWT."""

import json
import threading
import time
import urllib.request

import jwt

# Seconds by which the two machines' clocks may differ.
LEEWAY = 5
# The keys change rarely; Saoma's answer may be kept this long.
KEEP = 300
# A token with an unknown key makes us look again, but no stranger shall make us ask all the time.
PAUSE = 10
FETCH_LIMIT = 3


class AccessTokens:
    """Give it Saoma's public URL without a final slash, and its SAOMA_TOKEN_AUDIENCE."""

    def __init__(self, issuer, audience):
        self.issuer = issuer
        self.audience = audience
        self._lock = threading.Lock()
        self._keys = {}
        self._loaded_at = self._tried_at = self._missed_at = float("-inf")

    def verify(self, token):
        """The claims of a good token: `sub` is the user's id, `sid` the session's.

        Raises jwt.InvalidTokenError for a token that is not good (answer 401), and OSError when
        the keys could not be had (503).
        """
        key = self._key(jwt.get_unverified_header(token).get("kid"))
        return jwt.decode(
            token,
            key,
            # The algorithm is ours to choose, not the token's.
            algorithms=["EdDSA"],
            issuer=self.issuer,
            audience=self.audience,
            leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )

    def _key(self, kid):
        with self._lock:
            now = time.monotonic()
            old = now - self._loaded_at > KEEP
            missed = not old and kid not in self._keys
            if (old and now - self._tried_at > PAUSE) or (
                missed and now - self._missed_at > PAUSE
            ):
                self._tried_at = now
                if missed:
                    self._missed_at = now
                self._load()
            if not self._keys:
                raise OSError("Saoma has not given its keys yet")
            if kid not in self._keys:
                raise jwt.InvalidTokenError("an unknown key")
            return self._keys[kid]

    def _load(self):
        address = f"{self.issuer}/.well-known/jwks.json"
        with urllib.request.urlopen(address, timeout=FETCH_LIMIT) as answer:
            keys = json.load(answer)["keys"]
        self._keys = {
            jwk["kid"]: jwt.PyJWK(jwk, algorithm="EdDSA")
            for jwk in keys
            if (jwk["kty"], jwk["crv"]) == ("OKP", "Ed25519")
        }
        self._loaded_at = time.monotonic()
