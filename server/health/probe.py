"""
`python -m server.health.probe`: the container's health check. Exit status 0 means that all is well.

Without arguments it asks this machine's web process whether it is ready. With HOST:PORT CHECK it asks the web process
there about one part; `app:2000 engine` tells whether a worker is running. It loads neither the settings nor any of the
application, because it is started every few seconds.
"""

import http.client
import json
import os
import sys

TIMEOUT_S = 4.0


def main(arguments: list[str]) -> int:
    """Ask, print the answer, and return the exit status."""
    port = os.environ.get("TALLYROOM_PORT", "2000")
    address, check = arguments if arguments else (f"127.0.0.1:{port}", None)
    # urllib would send the request to the proxy that a container's environment may name.
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/health" if check else "/health/ready")
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
        is_well = json.loads(body)["checks"][check]["status"] == "healthy" if check else answer.status == 200
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        print(f"{address} did not answer as expected ({type(error).__name__}: {error})")
        return 1
    finally:
        connection.close()
    print(body)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
