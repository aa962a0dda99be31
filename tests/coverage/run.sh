#!/bin/sh
# Reports the lines of `linker` and `host` that the tests reach: tests/coverage/run.sh [FILTER],
# after `cargo xtask build-all` and `rustup component add llvm-tools`. Only these crates and the
# tests are compiled for it, not their dependencies: cargo calls this file in place of rustc for the
# workspace's own crates, whose outputs it keeps apart.
set -eu
if [ "${COVERAGE_INSTRUMENTS:-}" ]; then
    case " $* " in
    *" --target "*) exec "$@" ;;
    *" --crate-name linker "* | *" --crate-name host "* | *" --crate-name tests "*) exec "$@" -C instrument-coverage ;;
    *) exec "$@" ;;
    esac
fi

cd "$(dirname "$0")/../.."
found=$PWD/target/coverage
rm -rf "$found"
mkdir -p "$found"
# The programs that a build has made, as cargo lists them. Without this variable they would be other ones.
build() {
    RUSTC_WORKSPACE_WRAPPER=$PWD/tests/coverage/run.sh COVERAGE_INSTRUMENTS=1 \
        cargo "$@" --release --message-format=json | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p'
}
tests=$(build test -p linker -p host -p tests --no-run)
host=$(build build -p host)

export LLVM_PROFILE_FILE="$found/%8m.profraw"
failed=
for program in $tests; do
    case $program in
    */linker-* | */cases-* | */opening-*) folder=linker ;;
    */host-*) folder=host ;;
    *) folder=tests ;;
    esac
    (cd $folder && "$program" "$@") || failed=1
done
unset LLVM_PROFILE_FILE

tools=$(rustc --print target-libdir)/../bin
"$tools/llvm-profdata" merge -sparse "$found"/*.profraw -o "$found/tests.profdata"
objects=$(printf ' -object %s' $tests)
"$tools/llvm-cov" report "$host" $objects -instr-profile "$found/tests.profdata" linker/src host/src
"$tools/llvm-cov" show "$host" $objects -instr-profile "$found/tests.profdata" linker/src host/src >"$found/lines.txt"
echo "every line, and how often it was reached: $found/lines.txt"
# The program as others expect it.
cargo build --release -p host
[ -z "$failed" ]
