#!/bin/sh
# Makes .venv from requirements-dev.lock, every file checked against its hash, and puts the checkout itself into it.
# Does nothing when neither the lock, nor pyproject.toml, nor the place of the checkout has changed since.
set -eu
cd "$(dirname "$0")/../.."

python=${PYTHON:-python3}
stamp=.venv/yunquan-set-up
state="$(cat requirements-dev.lock requirements-schemas.lock requirements.in pyproject.toml infra/local/setup.sh | sha256sum | cut -d' ' -f1) $(pwd -P)"

if [ -x .venv/bin/yunquan ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$state" ]; then
    exit 0
fi

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "make setup needs Python 3.11 or later as $python (or PYTHON=/path/to/python make setup)" >&2
    exit 2
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo -n DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

have_venv() { "$python" -c 'import ensurepip, venv' 2>/dev/null; }

# An environment that was moved, or whose Python is gone, is made anew.
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    if ! have_venv; then
        if [ "${YUNQUAN_NO_APT:-}" = 1 ] || ! command -v apt-get >/dev/null || ! as_root true 2>/dev/null; then
            echo "Python's venv module is missing; as root: apt-get install python3-venv" >&2
            exit 2
        fi
        echo "installing python3-venv with apt" >&2
        as_root apt-get update -q >/dev/null
        as_root apt-get install -q -y --no-install-recommends python3-venv >/dev/null
    fi
    "$python" -m venv --clear .venv
fi

log=.venv/set-up.log
quietly() { "$@" >>"$log" 2>&1 || { tail -n 15 "$log" >&2; exit 1; }; }
pip() { quietly .venv/bin/python -m pip install --disable-pip-version-check --no-input "$@"; }

echo "installing the locked packages into .venv" >&2
: >"$log"
pip --require-hashes -r requirements-dev.lock
pip --require-hashes --no-deps -r requirements-schemas.lock
pip --no-index --no-deps --no-build-isolation -e .
printf '%s' "$state" >"$stamp"
