"""Whether the port can be used, asked before anything is started for it."""

import socket

from core.settings import Settings, SettingsError


def check_port(settings: Settings) -> None:
    """Raises: SettingsError if the port is taken or needs special rights."""
    if settings.port == 0:
        return
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except PermissionError as error:
            raise SettingsError(
                f"TALLYROOM_PORT: port {settings.port} needs special rights; choose one above 1023"
            ) from error
        except OSError as error:
            raise SettingsError(
                f"TALLYROOM_PORT: {settings.host}:{settings.port} cannot be used ({error.strerror}); "
                "stop what uses it, or choose another port"
            ) from error
