"""Builds the dashboard where Node is there, unless its stamp says that nothing changed. Parses with Python 3.6."""

import hashlib
import os
import shutil
import subprocess
import sys

SOURCES = ("package.json", "package-lock.json", "index.html", "vite.config.ts", "tsconfig.json")


def main(arguments):
    """build_web.py WEB STAMP"""
    web, stamp = arguments
    if not os.path.exists(os.path.join(web, "package.json")):
        return 0
    wanted = digest(web)
    try:
        with open(stamp) as file:
            done = file.read().strip() == wanted
    except OSError:
        done = False
    if done and os.path.exists(os.path.join(web, "dist", "index.html")):
        return 0
    if shutil.which("npm") is None or shutil.which("node") is None:
        print("tallyroom: Node is missing, so the dashboard is not built; the API is served without it", flush=True)
        return 0
    print("tallyroom: building the dashboard (once)", flush=True)
    try:
        npm = ["npm", "--prefix", web, "--no-audit", "--no-fund", "--loglevel", "error"]
        subprocess.run(npm + ["ci"], check=True)
        subprocess.run(npm + ["run", "--silent", "build"], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(
            "tallyroom: the dashboard could not be built ({}); the API is served without it\n".format(error)
        )
        return 0
    if not os.path.isdir(os.path.dirname(stamp)):
        os.makedirs(os.path.dirname(stamp))
    with open(stamp, "w") as file:
        file.write(wanted + "\n")
    return 0


def digest(web):
    """SHA-256 over the names and bytes of all sources."""
    found = hashlib.sha256()
    paths = [os.path.join(web, name) for name in SOURCES]
    for top in ("src", "public"):
        for folder, _, names in sorted(os.walk(os.path.join(web, top))):
            paths += [os.path.join(folder, name) for name in sorted(names)]
    for path in paths:
        if os.path.isfile(path):
            with open(path, "rb") as file:
                found.update(path.encode() + b"\0" + file.read())
    return found.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
