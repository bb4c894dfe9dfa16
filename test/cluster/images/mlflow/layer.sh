# Stand-in for ghcr.io/mlflow/mlflow:v3.17.0-full: MLflow 3.17.0 from PyPI, psycopg2 and boto3 on Debian
# bookworm's Python 3.11. .ci/bed.sh downloads the wheels to $BED/bin/wheels.
apt-get update
apt-get install -y --no-install-recommends python3
cd /mnt/bin/wheels
# pip runs from its own wheel; Debian's Python installs to /usr/local, where the real image has its programs too
PYTHONPATH=$(ls pip-*.whl) python3 -m pip install --break-system-packages --root-user-action=ignore --no-cache-dir \
  --no-index --find-links . --no-deps -r /mnt/recipe/requirements.txt
ln -s /usr/bin/python3 /usr/local/bin/python
cd /usr/local/lib/python3.11/dist-packages
rm -rf pyarrow/include pyarrow/src
find . -type d -name tests -prune -exec rm -rf {} +
python3 -c 'import mlflow, boto3, psycopg2, sklearn, pyarrow'
