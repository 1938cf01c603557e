"""The cipher that a request's actions use. It is not in cipher.py, which commands and the worker load without aiohttp."""

from server.api.endpoint import ApiRequest
from server.api.keys import KEYRING
from server.vault.cipher import VaultCipher


def cipher_of(api: ApiRequest) -> VaultCipher:
    """The cipher of the application that received the request."""
    return VaultCipher(api.request.app[KEYRING].provider)
