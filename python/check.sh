#!/bin/sh
# Builds the wheel, installs it into a folder of its own, and compares what it gives with Node, bit for bit. Needs what
# `npm run build` leaves, and Debian's python3-numpy, python3-pandas and python3-distributed; PYTHON names another
# interpreter that has them.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-/usr/bin/python3}
build=$PWD/build/python
rm -rf "$build"
mkdir -p "$build"

# The library that test/c-api/check.sh built, where it did.
library=$PWD/build/c-api/library/libforwardpass.so
[ -e "$library" ] && export FORWARDPASS_LIBRARY="$library"
wheel=$("$python" python/backend.py "$build/wheel")
unset FORWARDPASS_LIBRARY
"$python" -m zipfile -e "$wheel" "$build/site"
ls -l "$wheel"

node python/tests/make.js "$build/models"
export PYTHONPATH="$build/site" FORWARDPASS_MODELS="$build/models" PYTHONDONTWRITEBYTECODE=1
"$python" -W error::ResourceWarning -m unittest discover -s python/tests

# The examples: Dask loses a worker midway, the others are run where their engine is installed.
export PYTHONPATH="$build/site:$PWD/python/examples"
node dist/cli/main.js freeze test/fixtures/statsmodels/formula-no-intercept.pkl -o "$build/model.safetensors"
"$python" python/examples/dask_score.py "$build/model.safetensors" --rows 10000000 --kill --compare
for engine in ray duckdb; do
  "$python" -c "import $engine" 2>/dev/null || continue
  "$python" "python/examples/${engine}_score.py" "$build/model.safetensors"
done
for script in python/examples/*.py; do
  "$python" -c "import ast, sys; ast.parse(open(sys.argv[1]).read())" "$script"
done
