# shellcheck shell=bash disable=SC2034 # The variables are the callers'.
# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Shared by scripts/quickstart, scripts/test and .ci/run: messages, packages,
# configuring and building. Sourced, not run; the caller sets `-euo pipefail`.

LOWBIT_SOURCE_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
LOWBIT_LLVM_MAJOR=22

# What a build needs, what the tests need besides, and what CI needs besides.
LOWBIT_BUILD_PACKAGES=(
  "libmlir-${LOWBIT_LLVM_MAJOR}-dev" "mlir-${LOWBIT_LLVM_MAJOR}-tools"
  "llvm-${LOWBIT_LLVM_MAJOR}-dev" "llvm-${LOWBIT_LLVM_MAJOR}-tools"
  "clang-${LOWBIT_LLVM_MAJOR}" "lld-${LOWBIT_LLVM_MAJOR}"
  "libclang-rt-${LOWBIT_LLVM_MAJOR}-dev" "libomp-${LOWBIT_LLVM_MAJOR}-dev"
  cmake ninja-build python3)
LOWBIT_TEST_PACKAGES=(libgtest-dev python3-venv python3-psutil)
LOWBIT_CI_PACKAGES=(g++ git shellcheck "clang-format-${LOWBIT_LLVM_MAJOR}")

# For programs built with LOWBIT_SANITIZE; test/lit.cfg.py says why.
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=0:allow_user_poisoning=0:allocator_may_return_null=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}"

if [[ -t 1 ]]; then
  LOWBIT_BOLD=$'\e[1m' LOWBIT_RED=$'\e[31m' LOWBIT_PLAIN=$'\e[0m'
else
  LOWBIT_BOLD='' LOWBIT_RED='' LOWBIT_PLAIN=''
fi

step() { printf '%s==> %s%s\n' "$LOWBIT_BOLD" "$*" "$LOWBIT_PLAIN"; }
note() { printf '    %s\n' "$*"; }
warn() { printf '%swarning:%s %s\n' "$LOWBIT_RED" "$LOWBIT_PLAIN" "$*" >&2; }
die() {
  printf '%serror:%s %s\n' "$LOWBIT_RED" "$LOWBIT_PLAIN" "$*" >&2
  exit 1
}

# Prints the first of the named programs that is there; fails if none is. The
# folder of LLVM's own programs is looked at after the PATH.
find_tool() {
  local name
  for name in "$@"; do
    if command -v "$name" 2>/dev/null; then return 0; fi
  done
  for name in "$@"; do
    name="/usr/lib/llvm-${LOWBIT_LLVM_MAJOR}/bin/${name%-"${LOWBIT_LLVM_MAJOR}"}"
    if [[ -x "$name" ]]; then
      echo "$name"
      return 0
    fi
  done
  return 1
}

# The files of the checkout, tracked or new, but not ignored; all that are not
# in a build folder where git is of no help (a tarball).
list_files() {
  git -C "$LOWBIT_SOURCE_DIR" ls-files --cached --others --exclude-standard 2>/dev/null ||
    (cd "$LOWBIT_SOURCE_DIR" && find . -name '.git' -prune -o -path './build*' -prune \
      -o -name '__pycache__' -prune -o -type f -print | sed 's|^\./||')
}

# -----------------------------------------------------------------------------
# Packages
# -----------------------------------------------------------------------------

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null |
      grep -qx installed || echo "$package"
  done
}

as_root() {
  if [[ "$(id -u)" == 0 ]]; then
    "$@"
  else
    sudo "$@"
  fi
}

# ensure_packages <package>...: installs those that are missing. Where that is
# not possible it says which they are; the build then says what it lacks.
ensure_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    warn "this is not Debian, so nothing is installed. What is needed, by" \
      "Debian's names: $*. Going on with what is here."
    return 0
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if [[ ${#missing[@]} -eq 0 ]]; then
    return 0
  fi
  step "Installing ${missing[*]}"
  if [[ "$(id -u)" != 0 ]] && ! command -v sudo >/dev/null; then
    die "packages are missing, and this is neither root nor is sudo installed." \
      "Run as root: apt-get install ${missing[*]}"
  fi
  as_root apt-get update -qq ||
    warn "apt-get update failed; trying with the package lists that are here"
  local unknown=() package
  for package in "${missing[@]}"; do
    apt-cache show "$package" >/dev/null 2>&1 || unknown+=("$package")
  done
  if [[ ${#unknown[@]} -gt 0 ]]; then
    die "apt does not know ${unknown[*]}. On Debian bookworm LLVM" \
      "${LOWBIT_LLVM_MAJOR} is in the bookworm-security suite, component main:" \
      "add it to /etc/apt/sources.list and try again."
  fi
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${missing[@]}" </dev/null ||
    die "apt-get could not install ${missing[*]}; its message is above"
}

# -----------------------------------------------------------------------------
# Configure and build
# -----------------------------------------------------------------------------

# configure <build folder> <cmake argument>...: runs CMake, unless the folder
# was configured with the same arguments (ninja itself notices changed
# CMakeLists.txt).
configure() {
  local build="$1"
  shift
  command -v cmake >/dev/null || die "cmake is missing (Debian's package cmake)"
  command -v ninja >/dev/null || die "ninja is missing (Debian's package ninja-build)"
  local arguments=("$@")
  if [[ " $* " != *" -DCMAKE_CXX_COMPILER="* ]]; then
    local cc cxx
    if cxx="${CXX:-$(find_tool "clang++-${LOWBIT_LLVM_MAJOR}")}" &&
      cc="${CC:-$(find_tool "clang-${LOWBIT_LLVM_MAJOR}")}"; then
      arguments=("-DCMAKE_C_COMPILER=$cc" "-DCMAKE_CXX_COMPILER=$cxx" "${arguments[@]}")
    else
      warn "clang ${LOWBIT_LLVM_MAJOR} is missing; using CMake's default compiler"
    fi
  fi
  local stamp="$build/.configured"
  if [[ -f "$build/build.ninja" && -f "$stamp" ]] &&
    [[ "$(cat "$stamp")" == "${arguments[*]}" ]]; then
    return 0
  fi
  step "Configuring $build"
  # What an earlier run had set and this one does not must not stay in the
  # cache; a folder configured by hand keeps what it has.
  local fresh=()
  if [[ -f "$stamp" ]]; then
    fresh=(--fresh)
  fi
  rm -f "$stamp"
  mkdir -p "$build"
  cmake -S "$LOWBIT_SOURCE_DIR" -B "$build" -G Ninja "${fresh[@]}" \
    "${arguments[@]}" ||
    die "CMake could not configure $build; its message is above"
  echo "${arguments[*]}" >"$stamp"
}

# build <build folder> [<target>...]
build() {
  local build="$1"
  shift
  local targets=()
  if [[ $# -gt 0 ]]; then
    targets=(--target "$@")
  fi
  step "Building $build ${*:-}"
  NINJA_STATUS='[%f/%t, %es] ' cmake --build "$build" "${targets[@]}" ||
    die "the build of $build failed; the compiler's message is above"
}

# -----------------------------------------------------------------------------
# Python
# -----------------------------------------------------------------------------

# ensure_venv <folder>: a virtual environment with the modules of
# test/python/requirements.txt; made anew when that file has changed.
ensure_venv() {
  local venv="$1" requirements="$LOWBIT_SOURCE_DIR/test/python/requirements.txt"
  if [[ -x "$venv/bin/python" ]] && cmp -s "$requirements" "$venv/requirements.txt" &&
    "$venv/bin/python" -c '' 2>/dev/null; then
    return 0
  fi
  step "Python environment in $venv"
  local python=''
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import venv, ensurepip' 2>/dev/null; then break; fi
    python=''
  done
  if [[ -z "$python" ]]; then
    warn "no python3 with venv (Debian's package python3-venv)"
    return 1
  fi
  rm -rf "$venv"
  if ! "$python" -m venv "$venv" ||
    ! "$venv/bin/python" -m pip install -q --disable-pip-version-check \
      -r "$requirements" </dev/null; then
    warn "the modules of test/python/requirements.txt could not be installed"
    return 1
  fi
  cp "$requirements" "$venv/requirements.txt"
}
