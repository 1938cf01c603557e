"""
Checks the interpreter and creates the virtual environment. Must parse with Python 3.6, to tell an old one that it is
too old.
"""

import os
import shlex
import subprocess
import sys

MINIMUM = (3, 11)


def main(arguments):
    """
    bootstrap.py VENV REQUIREMENTS STAMP [SUPERSET...]: install hash-pinned requirements, unless the stamp says they
    are.

    An environment made from a superset (the developers' requirements) is good enough too.
    """
    if sys.version_info < MINIMUM:
        found = "{}.{}".format(*sys.version_info[:2])
        sys.stderr.write(
            "tallyroom: Python {} is too old. Use 3.11 or newer, for example: make run PYTHON=python3.13\n".format(
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
            os.unlink(venv)  # clearing it through the link would destroy another checkout's environment
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        pip = [os.path.join(venv, "bin", "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        options = ["install", "--require-hashes", "--no-compile", "--only-binary", ":all:", "-r", requirements]
        subprocess.run(pip + options, check=True)
        # On all cores, and even if PYTHONDONTWRITEBYTECODE is set: uncompiled code makes each start take twice as long.
        compiling = [pip[0], "-m", "compileall", "-q", "-j", "0", "-x", "/tests?/", os.path.join(venv, "lib")]
        subprocess.run(compiling, stdout=subprocess.DEVNULL)  # some packages carry templates that are not valid Python
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
    """Write the command `tallyroom` into the environment. It runs this checkout from any folder."""
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
