"""Settings: all configuration in one typed object, read once at the entry point and passed on."""

import base64
import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "TALLYROOM_"
_KEK = re.compile(r"TALLYROOM_VAULT_KEK_([A-Za-z0-9][A-Za-z0-9_-]{0,15})")
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound
_KEK_RESERVED = {"FILE", "ACTIVE"}
# Keys that documents use as examples. Production refuses them.
EXAMPLE_KEYS = frozenset(
    {base64.b64encode(b"0123456789abcdef0123456789abcdef").decode(), base64.b64encode(bytes(32)).decode()}
)
EXAMPLE_WORDS = ("change-me", "changeme", "example", "your-", "<", "replace")


class SettingsError(Exception):
    """A setting is missing or wrong. The message is one line that names it and says what to do."""


class _Environment(PydanticBaseSettingsSource):
    """Reads TALLYROOM_* from one mapping, so that a test or a child process can pass its own."""

    environ: Mapping[str, str] = {}

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return self.environ.get(PREFIX + field_name.upper()), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {}
        for name in self.settings_cls.model_fields:
            value = self.environ.get(PREFIX + name.upper())
            path = self.environ.get(PREFIX + name.upper() + "_FILE")
            if value is None and path and name in _FROM_FILE:
                try:
                    value = Path(path).read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError) as error:
                    raise SettingsError(f"{PREFIX}{name.upper()}_FILE: cannot read {path}: {error}") from error
            if value is not None and value != "":
                found[name] = value
        return found


_FROM_FILE = {"database_url", "migration_url", "bus_url"}
_BUS_OPTIONS = {"ssl_ca_certs"}  # that may stand in its URL


GOOGLE_JWKS_URL = "https://www.googleapis.com/oauth2/v3/certs"


class Settings(BaseSettings):
    """Everything that can be configured. The environment variables have the prefix TALLYROOM_."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    env: Literal["demo", "production"] = "demo"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 2000
    public_url: str = ""  # the address that browsers use; in production https://
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()  # other origins that may use cookies and sockets
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()  # networks whose X-Forwarded-For is trusted
    data_dir: Path = Path("var")  # embedded database, demo keys
    database_url: SecretStr | None = None  # use this PostgreSQL instead of the embedded one
    database_schema: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] = "public"
    database_pool: Annotated[int, Field(ge=2, le=100)] = 10  # connections per web process
    bus_url: SecretStr | None = None  # hints travel over this Valkey or Redis instead of NOTIFY
    vault_kek_active: str = ""  # id of the key-encryption key for new wraps; by default the only one
    vault_kek_file: Path | None = None  # lines "id base64", mode 0600 or 0400
    vault_keks: dict[str, SecretStr] = Field(default_factory=dict)  # from TALLYROOM_VAULT_KEK_<id>
    google_client_id: Annotated[str, Field(pattern=r"^[\x21-\x7e]{0,255}$")] = ""  # sign-in with Google; empty: off
    google_hd: Annotated[tuple[str, ...], NoDecode] = ()  # Google Workspaces that may sign in; empty: all
    google_new_people: Literal["off", "invited", "domain"] = "off"  # whom Google alone lets in
    google_jwks_url: str = GOOGLE_JWKS_URL  # another address only for a local issuer, not in production
    debug: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    demo_data: bool = True
    demo_rows: Annotated[int, Field(ge=100, le=1_000_000)] = 40_000  # records per side of the demo project
    upload_max_bytes: Annotated[int, Field(ge=1024)] = 2 * 1024**3
    # free space that uploads and loading leave for everything else
    disk_reserve_bytes: Annotated[int, Field(ge=0)] = 1024**3
    project_max_bytes: Annotated[int, Field(ge=1024)] = 20 * 1024**3  # files and rows of one project
    upload_keep_days: Annotated[int, Field(ge=0)] = 7  # how long an uploaded file's chunks are kept after loading
    job_attempts: Annotated[int, Field(ge=1, le=100)] = 3
    job_heartbeat_timeout_s: Annotated[float, Field(ge=1, le=600)] = 10.0
    job_wall_s: Annotated[float, Field(gt=0)] = 6 * 3600.0
    load_cpu_s: Annotated[float, Field(gt=0)] = 120.0  # per file, and as much again for each 16 MiB of it
    load_wall_s: Annotated[float, Field(gt=0)] = 600.0  # likewise
    worker_concurrency: Annotated[int, Field(ge=1, le=16)] = 1
    engine_threads: Annotated[int, Field(ge=1, le=64)] = 2
    engine_niceness: Annotated[int, Field(ge=0, le=19)] = 10
    engine_memory_mb: Annotated[int, Field(ge=128)] = 1024
    # not counting WebSockets; no limit for a trusted proxy
    max_connections_per_address: Annotated[int, Field(ge=8)] = 512
    max_sockets_per_user: Annotated[int, Field(ge=1)] = 10
    max_sockets_per_address: Annotated[int, Field(ge=1)] = 10_000  # a network behind one address has many people
    max_pending_per_address: Annotated[int, Field(ge=1)] = 20
    socket_connect_s: Annotated[float, Field(ge=0.5, le=60)] = 5.0  # for a socket to send CONNECT
    socket_stalled_s: Annotated[float, Field(ge=1)] = 30.0  # in which a client takes nothing of what waits for it
    max_socket_message_bytes: Annotated[int, Field(ge=8 * 1024, le=1024 * 1024)] = 64 * 1024
    max_commands_per_s: Annotated[float, Field(gt=0)] = 10.0
    max_command_burst: Annotated[int, Field(ge=1)] = 200
    max_subscriptions: Annotated[int, Field(ge=1)] = 128
    events_keep_days: Annotated[int, Field(ge=1)] = 7
    logs_keep_days: Annotated[int, Field(ge=1)] = 14
    logs_per_minute: Annotated[int, Field(ge=1)] = 600  # entries that POST /logs accepts per network and minute
    # bytes of these entries; one has at most 67 kB
    logs_bytes_per_minute: Annotated[int, Field(ge=96 * 1024)] = 128 * 1024
    argon2_memory_kib: int = 65536
    argon2_time: int = 3
    argon2_lanes: Annotated[int, Field(ge=1, le=16)] = 4
    throttle_network_failures: Annotated[int, Field(ge=1)] = 60
    throttle_account_network: Annotated[int, Field(ge=1)] = 5
    throttle_account: Annotated[int, Field(ge=1)] = 20

    @classmethod
    def settings_customise_sources(cls, settings_cls: Any, init_settings: Any, *_: Any, **__: Any) -> Any:
        """The given values, then the environment, and nothing else."""
        return init_settings, _Environment(settings_cls)

    @field_validator("allowed_origins", "trusted_proxies", "google_hd", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            ipaddress.ip_network(part, strict=False)
        return value

    @field_validator("google_hd")
    @classmethod
    def _domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(part.lower() for part in value)

    @field_validator("google_new_people")
    @classmethod
    def _needs_domains(cls, value: str, info: Any) -> str:
        if value != "off" and not info.data.get("google_client_id"):
            raise ValueError("needs GOOGLE_CLIENT_ID: sign-in with Google is off")
        if value == "domain" and not info.data.get("google_hd"):
            raise ValueError("'domain' needs GOOGLE_HD, the Google Workspace domains whose people may make accounts")
        return value

    @field_validator("bus_url")
    @classmethod
    def _bus(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value.get_secret_value())
            where = parts.path if parts.scheme == "unix" else parts.hostname
            is_good = parts.scheme in ("redis", "rediss", "unix") and bool(where) and parts.port != 0
        except ValueError:
            is_good = False
        if not is_good:
            raise ValueError("must look like redis://:password@host:6379, rediss://... or unix:///path/of/the/socket")
        if not parse_qs(parts.query).keys() <= _BUS_OPTIONS:
            raise ValueError(f"the only option that may follow the address is {', '.join(_BUS_OPTIONS)}")
        return value

    @field_validator("argon2_time")
    @classmethod
    def _argon2_floor(cls, value: int, info: Any) -> int:
        floor = {1: 47104, 2: 19456, 3: 12288, 4: 9216}.get(value, 7168)
        if value < 1 or info.data.get("argon2_memory_kib", 0) < floor:
            raise ValueError(
                f"below the OWASP minimum: with {value} passes Argon2id needs ARGON2_MEMORY_KIB >= {floor}"
            )
        return value

    @property
    def is_production(self) -> bool:
        """Whether the strict rules apply."""
        return self.env == "production"

    @property
    def is_embedded(self) -> bool:
        """Whether the PostgreSQL in the data folder is used."""
        return self.database_url is None

    @property
    def bus_address(self) -> str | None:
        """Where the bus is, without name and password. None if there is none."""
        if self.bus_url is None:
            return None
        parts = urlsplit(self.bus_url.get_secret_value())
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def base_url(self) -> str:
        """The address that browsers use."""
        return (
            self.public_url or f"http://{'127.0.0.1' if self.host in _EVERYWHERE else self.host}:{self.port}"
        ).rstrip("/")

    @property
    def origins(self) -> tuple[str, ...]:
        """Origins that may use the refresh cookie and open sockets."""
        own: tuple[str, ...] = (self.base_url,)
        if not self.is_production:
            own += (f"http://127.0.0.1:{self.port}", f"http://localhost:{self.port}")
        return tuple(dict.fromkeys(own + tuple(origin.rstrip("/") for origin in self.allowed_origins)))

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, secrets included, for a child process that loads them again."""
        found = {}
        for name in self.model_fields_set - {"vault_keks"}:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            if value is not None:
                found[PREFIX + name.upper()] = ",".join(value) if isinstance(value, tuple) else str(value)
        return found | {f"{PREFIX}VAULT_KEK_{name}": key.get_secret_value() for name, key in self.vault_keks.items()}

    def public(self) -> dict[str, Any]:
        """The settings without secrets, for the log."""
        shown = self.model_dump(mode="json", exclude={"vault_keks", "database_url", "bus_url"})
        return shown | {
            "database": "embedded" if self.is_embedded else "url",
            "bus": self.bus_address,
            "vault_keks": sorted(self.vault_keks),
        }


def load(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Build the settings. Raises: SettingsError in one line that names the setting."""
    environ = os.environ if environ is None else environ
    keks = {}
    for name, value in environ.items():
        found = _KEK.fullmatch(name)
        if found and found.group(1) not in _KEK_RESERVED and value:
            keks[found.group(1)] = SecretStr(value)
    _Environment.environ = environ
    try:
        settings = Settings(vault_keks=keks, **overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"][:1]).upper()
        raise SettingsError(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None
    if settings.is_production:
        _refuse_in_production(settings)
    return settings


def _refuse_in_production(settings: Settings) -> None:
    def refuse(name: str, why: str) -> None:
        raise SettingsError(f"{PREFIX}{name}: {why}")

    if settings.debug:
        refuse("DEBUG", "the debug flag is not allowed in production; unset it")
    if settings.database_url is None:
        refuse("DATABASE_URL", "missing; production needs the URL of a PostgreSQL >= 15")
    if not settings.vault_keks and settings.vault_kek_file is None:
        refuse(
            "VAULT_KEK_FILE",
            "missing; give a key file, or TALLYROOM_VAULT_KEK_<id> (create one with: openssl rand -base64 32)",
        )
    for name, value in settings.vault_keks.items():
        text = value.get_secret_value().strip()
        if text in EXAMPLE_KEYS or any(word in text.lower() for word in EXAMPLE_WORDS):
            refuse(f"VAULT_KEK_{name}", "is an example value; create your own with: openssl rand -base64 32")
    if settings.google_jwks_url != GOOGLE_JWKS_URL:
        refuse("GOOGLE_JWKS_URL", "is for local issuers; production trusts only Google's own keys; unset it")
    if not settings.public_url:
        refuse("PUBLIC_URL", "missing; give the address that browsers use, such as https://tallyroom.your-company.test")
    for name, origins in (("PUBLIC_URL", (settings.public_url,)), ("ALLOWED_ORIGINS", settings.allowed_origins)):
        for origin in origins:
            if not _is_https_origin(origin):
                refuse(name, f"{origin!r} is not an https:// origin; production does not serve sign-in over plain HTTP")


def _is_https_origin(text: str) -> bool:
    """
    Whether a text is https, a host and perhaps a port, without a path. Browsers' Origin headers are compared with it.
    """
    try:
        parts = urlsplit(text)
        is_place = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return False
    return parts.scheme == "https" and is_place and parts.path in ("", "/") and not parts.query and not parts.fragment
