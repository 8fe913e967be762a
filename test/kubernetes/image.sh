#!/bin/sh
# What examples/kubernetes/Dockerfile makes, without Docker: builds the image's root from a release tarball, looks at its
# size, and runs the server in it as the image does: as another user, without capabilities, from a read-only file system,
# in namespaces of its own. `image.sh TARBALL`; needs root.
set -eu
tarball=$(realpath "$1")
cd "$(dirname "$0")/../.."
MOST_BYTES=120000000
build=$PWD/build/image
root=$build/root
user=65532
rm -rf "$build"
mkdir -p "$root/tmp" "$root/proc" "$root/dev" "$root/mnt/models" "$root/etc" "$root/app"

# As in the Dockerfile: the package without what others need, Node, and the files that `ldd` names.
npm install --prefix "$build/app" --omit=dev --ignore-scripts --no-audit --no-fund --silent "$tarball"
package=$build/app/node_modules/forwardpass
rm -rf "$package/docs" "$package/examples" "$package/native" "$package/CMakeLists.txt"
find "$package/prebuilds" -mindepth 1 -maxdepth 1 -not -name "linux-$(node -p process.arch)" -exec rm -r {} +
cp -r "$build/app/node_modules" "$root/app/"
mkdir -p "$root/usr/local/bin"
cp "$(node -p process.execPath)" "$root/usr/local/bin/node"
for file in $(ldd "$root/usr/local/bin/node" | grep -o '/[^ ]*') /etc/ssl/certs/ca-certificates.crt; do
  [ ! -e "$file" ] || cp -L --parents "$file" "$root"
done
printf 'forwardpass:x:%s:%s::/:/nonexistent\n' "$user" "$user" >"$root/etc/passwd"

bytes=$(du --bytes --summarize "$root" | cut -f1)
echo "$bytes bytes"
[ "$bytes" -le "$MOST_BYTES" ] || { echo "more than $MOST_BYTES"; exit 1; }
if find "$root" -perm /6000 -o -perm -o+w -not -type l | grep .; then
  echo 'the image holds files that anyone may write, or that give rights'
  exit 1
fi

# A model as a platform mounts it: a folder with one file.
mkdir "$build/models"
cp examples/digits/digits.onnx "$build/models/model.onnx"

exec node test/kubernetes/image.js "$root" "$build/models" "$user"
