# Stand-in for node: Debian bookworm's Node.js 18, older than the image.
apt-get update
apt-get install -y --no-install-recommends nodejs
