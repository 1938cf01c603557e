"""Installs the dashboard's packages, builds it and checks it, if Node is installed. Must parse with Python 3.6."""

import hashlib
import os
import shutil
import subprocess
import sys

SOURCES = ("package.json", "package-lock.json", "index.html", "docs/index.html", "vite.config.ts", "tsconfig.json")
WITHOUT_NODE = {
    "build": "so the dashboard is not built; the API is served without it",
    "install": "so the dashboard's own tests are skipped",
    "check": "so the dashboard is not checked",
    "format": "so the dashboard is not formatted",
}

FAILED = {
    "build": "the dashboard could not be built ({}); the API is served without it",
    "install": "the dashboard's packages could not be installed ({}); see the lines above",
}


def main(arguments):
    """
    build_web.py build WEB STAMP: build the dashboard, unless the stamp says that nothing has changed.
    build_web.py install WEB: also install what checks and tests need.
    build_web.py check WEB: run all checks. The exit status says whether they pass.
    build_web.py format WEB: run the formatter.
    """
    verb, web = arguments[:2]
    if not os.path.exists(os.path.join(web, "package.json")):
        return 0
    if shutil.which("npm") is None or shutil.which("node") is None:
        print("tallyroom: Node is missing, {}".format(WITHOUT_NODE[verb]), flush=True)
        return 0
    try:
        if verb == "build":
            build(web, arguments[2])
            return 0
        install(web, True)
        return 0 if verb == "install" else npm(web, "run", "--silent", verb, check=False)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write("tallyroom: {}\n".format(FAILED.get(verb, FAILED["install"]).format(error)))
        return 1 if verb in ("check", "format") else 0


def build(web, stamp):
    wanted = digest(web)
    try:
        with open(stamp) as file:
            done = file.read().strip() == wanted
    except OSError:
        done = False
    if done and os.path.exists(os.path.join(web, "dist", "index.html")):
        return
    install(web, False)
    print("tallyroom: building the dashboard (once)", flush=True)
    npm(web, "run", "--silent", "build")
    if not os.path.isdir(os.path.dirname(stamp)):
        os.makedirs(os.path.dirname(stamp))
    with open(stamp, "w") as file:
        file.write(wanted + "\n")


def install(web, with_dev):
    """Install the packages of the lock file, unless they are installed. `dependencies` are enough for a build."""
    with open(os.path.join(web, "package-lock.json"), "rb") as file:
        wanted = hashlib.sha256(file.read()).hexdigest()
    # The stamp is kept among the packages, so that it is deleted with them.
    stamp = os.path.join(web, "node_modules", ".tallyroom")
    try:
        with open(stamp) as file:
            found, kind = file.read().split()
    except (OSError, ValueError):
        found, kind = None, None
    if found == wanted and (kind == "all" or not with_dev):
        return
    print("tallyroom: installing the dashboard's packages (once)", flush=True)
    # Always explicit, so that NODE_ENV or somebody's own npm settings cannot change which packages are installed.
    npm(web, "ci", "--include=dev" if with_dev else "--omit=dev")
    with open(stamp, "w") as file:
        file.write("{} {}\n".format(wanted, "all" if with_dev else "build"))


def npm(web, *arguments, check=True):
    options = ["--prefix", web, "--no-audit", "--no-fund", "--loglevel", "error"]
    return subprocess.run(["npm"] + options + list(arguments), check=check).returncode


def digest(web):
    """The SHA-256 over the names and bytes of all sources."""
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
