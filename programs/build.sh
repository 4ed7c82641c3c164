#!/usr/bin/env bash
# Builds the programs whose sources changed since their .so was built, or all with --force.
# `build.sh --check` builds nothing and fails if a program would have to be built.
set -euo pipefail
cd "$(dirname "$0")"

readonly PROGRAMS=(coupons red-packets router stake-vault)
readonly OUTPUT=target/bpfel-unknown-none/release
readonly SBPF_LINKER_DIR=${SBPF_LINKER_DIR:-/opt/sbpf/bin}
# A rustup cargo earlier in PATH would not find `core` for this target.
readonly CARGO=${CARGO:-/usr/bin/cargo}
export RUSTC=${RUSTC:-/usr/bin/rustc}
export PATH=$SBPF_LINKER_DIR:$PATH

mode=${1:-}
[[ $mode =~ ^(|--force|--check)$ ]] || { echo "usage: build.sh [--force|--check]" >&2; exit 2; }

# What a program's bytes depend on, one `sha256sum` line a file.
sources_of() {
  local parts=("$1" runtime)
  if grep -q '^program-kit ' "$1/Cargo.toml"; then parts+=(kit); fi
  find "${parts[@]/%//src}" "${parts[@]/%//Cargo.toml}" Cargo.toml Cargo.lock .cargo/config.toml -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum
}

is_current() {
  [[ -f $1/$1.so && -f $1/source.sha256 ]] &&
    (cd "$1" && sha256sum --check --status "$1.so.sha256") &&
    diff -q <(sources_of "$1") "$1/source.sha256" >/dev/null
}

require_toolchain() {
  local missing=()
  command -v "$CARGO" >/dev/null && command -v "$RUSTC" >/dev/null || missing+=("rustc and cargo of Debian")
  [[ -d $("$RUSTC" --print sysroot 2>/dev/null)/lib/rustlib/bpfel-unknown-none ]] || missing+=("core for bpfel-unknown-none")
  command -v sbpf-linker >/dev/null || missing+=("sbpf-linker")
  ((${#missing[@]} == 0)) && return
  printf 'missing: %s\n' "${missing[@]}" >&2
  cat >&2 <<'HELP'
On Debian 12 or later:
  apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev rustc-web cargo-web libstd-rust-web-dev-bpf
  mkdir -p /opt/llvm22/lib && ln -sf /usr/lib/x86_64-linux-gnu/libLLVM.so.22.1 /opt/llvm22/lib/libLLVM.so
  LLVM_PREFIX=/opt/llvm22 cargo install sbpf-linker@0.2.6 --locked --no-default-features --features bpf-linker/llvm-22 --root /opt/sbpf
HELP
  exit 1
}

stale=()
for program in "${PROGRAMS[@]}"; do
  if [[ $mode == --force ]] || ! is_current "$program"; then stale+=("$program"); fi
done
if ((${#stale[@]} == 0)); then
  echo "up to date: ${PROGRAMS[*]}"
  exit 0
fi
if [[ $mode == --check ]]; then
  echo "to be rebuilt (programs/build.sh): ${stale[*]}" >&2
  exit 1
fi

require_toolchain
# Paths of this machine must not reach the bytes.
remap="[\"--remap-path-prefix=$PWD=/programs\", \"--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo\"]"
for program in "${stale[@]}"; do
  "$CARGO" build --release --locked --package "$program" --config "target.bpfel-unknown-none.rustflags=$remap"
  cp "$OUTPUT/lib${program//-/_}.so" "$program/$program.so"
  chmod 644 "$program/$program.so"
  (cd "$program" && sha256sum "$program.so" >"$program.so.sha256")
  sources_of "$program" >"$program/source.sha256"
  echo "built: $program"
done
