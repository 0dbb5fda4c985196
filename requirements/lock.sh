#!/bin/sh
# Turns the hand-written .in files into locked ones that fit Python 3.11 to 3.13 on every system.
# uv resolves for all of them at once, which pip cannot; it lives in a folder of its own, so that
# .venv holds nothing that its locked file does not name. Arguments go to uv: --upgrade,
# --upgrade-package NAME.
set -eu

python=.venv/bin/python
[ -x "$python" ] || python=python3
[ -x .venv-lock/bin/uv ] || {
    "$python" -m venv .venv-lock
    .venv-lock/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
}
# Where a package was fetched from is the business of the machine, not of the project: no addresses.
for name in base dev; do
    .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
        --output-file "requirements/$name.txt" "$@" "requirements/$name.in"
done
echo "make lock: $(grep -c '==' requirements/dev.txt) packages locked in requirements/dev.txt"
