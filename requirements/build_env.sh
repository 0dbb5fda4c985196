#!/bin/sh
# Builds the virtual environment with nothing but a Python: `make env` calls it, and skips the work
# while the environment was made from the very same locked file (by content: a clone has new times).
# usage: build_env.sh VENV [PYTHON]
set -eu

venv=$1
wanted=${2:-}
locked=requirements/dev.txt

version_of() {  # "3.12", or nothing where that Python does not start (a pyenv shim may not)
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}
supported() {
    case "$(version_of "$1")" in 3.11|3.12|3.13) return 0 ;; *) return 1 ;; esac
}
can_make_venvs() {  # Debian keeps ensurepip in a package of its own
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}
give_up() {
    printf 'make env: %s\n' "$1" >&2
    exit 1
}

if [ -n "$wanted" ]; then
    [ -n "$(version_of "$wanted")" ] || give_up "PYTHON=$wanted does not start. Give the path of a Python 3.11, 3.12 or 3.13."
    supported "$wanted" || give_up "PYTHON=$wanted is Python $(version_of "$wanted"); 3.11, 3.12 or 3.13 is needed."
    can_make_venvs "$wanted" || give_up "PYTHON=$wanted has no venv module. On Debian and Ubuntu: apt install python$(version_of "$wanted")-venv."
    if [ -x "$venv/bin/python" ] && [ "$(version_of "$venv/bin/python")" != "$(version_of "$wanted")" ]; then
        rm -rf "$venv"
    fi
fi
if [ -d "$venv" ] && ! supported "$venv/bin/python"; then
    rm -rf "$venv"  # its Python was removed or is too old: nothing in it can be kept
fi

if [ ! -x "$venv/bin/python" ]; then
    python=$wanted
    without_venv=
    if [ -z "$python" ]; then
        for each in python3.13 python3.12 python3.11 python3 python; do
            supported "$each" || continue
            if can_make_venvs "$each"; then
                python=$each
                break
            fi
            without_venv=$each
        done
    fi
    if [ -z "$python" ] && [ -n "$without_venv" ]; then
        give_up "$without_venv has no venv module. On Debian and Ubuntu: apt install python$(version_of "$without_venv")-venv."
    fi
    [ -n "$python" ] || give_up "no Python 3.11, 3.12 or 3.13 was found (python3 is $(python3 -V 2>&1 || echo missing)). Install one, or name it: make env PYTHON=/path/to/python3.12"
    echo "make env: $venv with $("$python" -V 2>&1)"
    "$python" -m venv "$venv"
fi

digest=$("$venv/bin/python" -c "import hashlib; print(hashlib.sha256(open('$locked', 'rb').read()).hexdigest())")
stamp=$venv/.made-from
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$digest" ]; then
    exit 0
fi
echo "make env: installing $locked"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$locked"
echo "$digest" > "$stamp"
