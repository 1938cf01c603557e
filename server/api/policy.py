"""What a browser may do with an answer: load scripts and data, open windows, be framed."""

# The dashboard needs its own scripts, styles, data and sockets; nothing else may load (docs/decisions/0004).
_PAGE = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
}
_TRUSTED_TYPES = {"require-trusted-types-for": "'script'"}
# What Google's sign-in script loads in addition to itself (docs/decisions/0010).
_GOOGLE = {
    "script-src": "https://accounts.google.com/gsi/client",
    "style-src": "https://accounts.google.com/gsi/style",
    "connect-src": "https://accounts.google.com/gsi/",
    "frame-src": "https://accounts.google.com/gsi/",
    "img-src": "https://lh3.googleusercontent.com",
}
_NO_DEVICES = "camera=(), microphone=(), geolocation=()"


def _text(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {sources}" for name, sources in policy.items())


# For answers that are not pages: allow nothing.
API_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": _NO_DEVICES,
}
# The reference of the REST API at /docs: like the dashboard, but without forms, fonts and a manifest.
REFERENCE_HEADERS = API_HEADERS | {
    "Content-Security-Policy": _text(
        {name: sources for name, sources in _PAGE.items() if name not in ("font-src", "manifest-src")}
        | {"form-action": "'none'"}
        | _TRUSTED_TYPES
    )
}
PAGE_HEADERS = API_HEADERS | {"Content-Security-Policy": _text(_PAGE | _TRUSTED_TYPES)}
# Google's script answers in its own window, and does not support Trusted Types yet.
GOOGLE_PAGE_HEADERS = {
    "Content-Security-Policy": _text(
        _PAGE | {name: f"{_PAGE.get(name, '')} {sources}".strip() for name, sources in _GOOGLE.items()}
    ),
    "Content-Security-Policy-Report-Only": _text(_TRUSTED_TYPES),
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
    "Permissions-Policy": f'{_NO_DEVICES}, identity-credentials-get=(self "https://accounts.google.com")',
}
