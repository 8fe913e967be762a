#!/usr/bin/env bash
# npm run fuzz:native -- [SECONDS] [HARNESS…]: builds the harnesses with clang, and runs each for so long. The last line of
# each says how many executions there were. What is found lies in build/fuzz/native/findings.
set -euo pipefail
cd "$(dirname "$0")/../../.."

seconds=${1:-60}
shift || true
[ $# -gt 0 ] || set -- plan frozen json safetensors
build=build/fuzz/native
cmake -S . -B "$build" -DCMAKE_CXX_COMPILER=clang++ -DFORWARDPASS_SANITIZE=address,undefined,fuzzer-no-link >/dev/null
cmake --build "$build" --parallel 2 --target "${@/#/fuzz_}" | tail -1

# seeds HARNESS: fixtures to begin with.
seeds() {
  case $1 in
  frozen) echo test/fixtures/platforms ;;
  safetensors) echo test/fixtures/platforms test/fixtures/safetensors ;;
  esac
}

for harness in "$@"; do
  mkdir -p "$build/findings" "$build/corpus-$harness"
  # shellcheck disable=SC2046 # folders, or none
  "$build/fuzz_$harness" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 \
    -artifact_prefix="$build/findings/$harness-" "$build/corpus-$harness" $(seeds "$harness") \
    >"$build/$harness.log" 2>&1 || { tail -40 "$build/$harness.log"; exit 1; }
  printf '%s: %s\n' "$harness" "$(sed -nE 's/^stat::(number_of_executed_units|average_exec_per_sec|new_units_added): *([0-9]+)$/\2 \1/p' \
    "$build/$harness.log" | tr '\n' ' ')"
done
