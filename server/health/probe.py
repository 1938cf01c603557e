"""
`python -m server.health.probe`: the container's health check; exit status 0 when all is well.

Without arguments it asks this machine's web process whether it is ready. With HOST:PORT CHECK it asks the web process
there how one part is: `app:2000 engine` tells whether a worker beats. It loads no settings and none of the application:
it is started every few seconds.
"""

import http.client
import json
import os
import sys

TIMEOUT_S = 4.0


def main(arguments: list[str]) -> int:
    """Asks, prints the answer, and returns the exit status."""
    port = os.environ.get("TALLYROOM_PORT", "2000")
    address, check = arguments if arguments else (f"127.0.0.1:{port}", None)
    # urllib would send the question to the proxy that a container's environment may name.
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/health" if check else "/health/ready")
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
        is_well = json.loads(body)["checks"][check]["status"] == "healthy" if check else answer.status == 200
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        print(f"{address} does not answer as it should ({type(error).__name__}: {error})")
        return 1
    finally:
        connection.close()
    print(body)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
