#!/bin/sh
# Builds and installs the C library as its users do, builds the examples against what was installed, and compares what
# they and test/fixtures give with Node, bit for bit. Needs what `npm run build` leaves, CMake, pkg-config and Python.
set -eu
cd "$(dirname "$0")/../.."
build=build/c-api
prefix=$PWD/$build/prefix
rm -rf "$prefix"

cmake -S . -B "$build/library" -DCMAKE_CXX_COMPILER="${CXX:-c++}" >/dev/null
cmake --build "$build/library" --parallel 2 >/dev/null
cmake --install "$build/library" --prefix "$prefix" >/dev/null

# Wherever this system puts libraries.
config=$(find "$prefix" -name forwardpass.pc)
library=$(dirname "$(dirname "$config")")
export PKG_CONFIG_PATH="${config%/*}"

# Nothing but the interface is seen, and the C++ runtime library is not asked for.
if nm -D --defined-only "$library/libforwardpass.so" | awk '{ print $3 }' | grep -v '^fp_'; then
  echo 'the shared library exports more than its interface'
  exit 1
fi
if readelf -d "$library/libforwardpass.so" | grep -E 'NEEDED.*(libstdc|libc\+\+|libgcc)'; then
  echo 'the shared library needs the runtime library of C++'
  exit 1
fi
for function in $(sed -nE 's/^FP_API .*[ *](fp_[a-z_]+)\(.*/\1/p' native/include/forwardpass.h); do
  nm -D --defined-only "$library/libforwardpass.so" | grep -q " $function\$" || {
    echo "the shared library lacks $function"
    exit 1
  }
done

# The header alone, in the oldest standards that it is for.
strict='-Wall -Wextra -pedantic -Werror'
printf '#include <forwardpass.h>\nint main(void) { return fp_abi_version() != FP_ABI_VERSION; }\n' >"$build/header.c"
# shellcheck disable=SC2046,SC2086 # lists of flags
{
  cc -std=c99 $strict $(pkg-config --cflags forwardpass) -c "$build/header.c" -o "$build/header.o"
  c++ -x c++ -std=c++11 $strict $(pkg-config --cflags forwardpass) -c "$build/header.c" -o "$build/header.o"
  cc -std=c99 $strict examples/c/digits.c $(pkg-config --cflags --libs forwardpass) -Wl,-rpath,"$library" \
    -o "$build/digits-shared"
  cc -std=c99 $strict examples/c/digits.c $(pkg-config --cflags forwardpass) "$library/libforwardpass.a" -pthread -lm \
    -o "$build/digits-static"
  cc -std=c99 $strict test/c-api/run.c $(pkg-config --cflags forwardpass) "$library/libforwardpass.a" -pthread -lm \
    -o "$build/run"
}
# project FOLDER TARGET: a project of CMake that finds what was installed.
project() {
  cmake -S "examples/$1" -B "$build/$1-$2" -DCMAKE_PREFIX_PATH="$prefix" -DTARGET="$2" >/dev/null
  cmake --build "$build/$1-$2" >/dev/null
}
project cpp forwardpass
project cpp static
project c static

model=$build/digits.safetensors
node dist/cli/main.js freeze examples/digits/digits.onnx -o "$model"
wanted=$(node test/c-api/hash.js "$model")
same() {
  found=$("$@" "$model" examples/digits)
  [ "$found" = "$wanted" ] && return
  echo "$*: expected $wanted, found $found"
  exit 1
}
python() {
  python3 examples/python/digits.py "$@" "$library/libforwardpass.so"
}
echo "$wanted"
same "$build/digits-shared"
same "$build/digits-static"
same "$build/cpp-forwardpass/digits"
same "$build/cpp-static/digits"
same "$build/c-static/digits"
same python

node test/c-api/check.js "$build/run" "$build/models"

# The program of docs/guides/c.md prints what the page says.
guide=docs/guides/c.md
node test/docs/blocks.js $guide main.c >"$build/guide.c"
# shellcheck disable=SC2046 # lists of flags
cc -std=c99 -Wall -Wextra -Werror "$build/guide.c" $(pkg-config --cflags --libs forwardpass) -lm -Wl,-rpath,"$library" \
  -o "$build/guide"
node dist/cli/main.js freeze examples/churn/churn.joblib -o "$build/churn.safetensors"
"$build/guide" "$build/churn.safetensors" >"$build/guide.txt"
node test/docs/blocks.js $guide 'main.c prints' | diff - "$build/guide.txt"
