"""Checks the interpreter and makes the virtual environment. Parses with Python 3.6, so that an old one is told so."""

import os
import shlex
import subprocess
import sys

MINIMUM = (3, 11)


def main(arguments):
    """
    bootstrap.py VENV REQUIREMENTS STAMP [SUPERSET...]: installs hash-pinned requirements, unless the stamp says it is done.

    An environment that was made from a superset (the developers' requirements) is good enough too.
    """
    if sys.version_info < MINIMUM:
        found = "{}.{}".format(*sys.version_info[:2])
        sys.stderr.write(
            "tallyroom: Python {} is too old, 3.11 or newer is needed; name one: make run PYTHON=python3.13\n".format(
                found
            )
        )
        return 1
    import hashlib

    venv, requirements, stamp = arguments[:3]
    wanted = []
    for name in [requirements] + arguments[3:]:
        with open(name, "rb") as file:
            wanted.append(hashlib.sha256(file.read() + sys.version.encode()).hexdigest())
    try:
        with open(stamp) as file:
            done = file.read().strip() in wanted
    except OSError:
        done = False
    if done and os.path.exists(os.path.join(venv, "bin", "python")):
        write_command(venv)
        return 0
    print("tallyroom: installing dependencies (once)", flush=True)
    try:
        if os.path.islink(venv):
            os.unlink(venv)  # cleared through the link, another checkout would lose its environment
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        pip = [os.path.join(venv, "bin", "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        options = ["install", "--require-hashes", "--no-compile", "--only-binary", ":all:", "-r", requirements]
        subprocess.run(pip + options, check=True)
        # On all cores, and whatever PYTHONDONTWRITEBYTECODE says: uncompiled, each start takes twice as long.
        compiling = [pip[0], "-m", "compileall", "-q", "-j", "0", "-x", "/tests?/", os.path.join(venv, "lib")]
        subprocess.run(compiling, stdout=subprocess.DEVNULL)  # packages carry templates that are no Python
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write("tallyroom: the dependencies could not be installed ({}); see the lines above\n".format(error))
        return 1
    write_command(venv)
    directory = os.path.dirname(stamp)
    if not os.path.isdir(directory):
        os.makedirs(directory)
    with open(stamp, "w") as file:
        file.write(wanted[0] + "\n")
    return 0


def write_command(venv):
    """The command `tallyroom` in the environment: it runs this checkout from any folder."""
    command = os.path.join(venv, "bin", "tallyroom")
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    text = '#!/bin/sh\nPYTHONPATH={}\nexport PYTHONPATH\nexec {} -m server "$@"\n'.format(
        shlex.quote(root), shlex.quote(os.path.join(os.path.abspath(venv), "bin", "python"))
    )
    try:
        with open(command) as file:
            if file.read() == text:
                return
    except OSError:
        pass
    with open(command, "w") as file:
        file.write(text)
    os.chmod(command, 0o755)  # noqa: S103 - a command that everybody may run; it holds no secret


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
