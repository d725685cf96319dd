#!/usr/bin/env python3
"""Makes the corpus that the embedded encoder is pretrained on.

    python3 models/recipe/corpus.py OUT_DIR [--botocore DIR]

Every text comes from a package that a developer's machine installs (Debian, PyPI, rustup) or from this folder, each under
a licence that allows it. What is missing is skipped and said. OUT_DIR gets `corpus.txt` (one passage a line, shuffled by
a fixed seed) and `sources.json` (licence, version, passages and SHA-256 of each source).

Needs, on Debian 12:
    apt-get install wordnet-base postgresql-doc-15 python3-doc apache2-doc
    pip download --no-deps botocore==1.43.11      (unzipped; give its folder with --botocore)
"""

import argparse
import glob
import gzip
import hashlib
import html
import html.parser
import json
import os
import random
import re
import subprocess
import sys

SEED = 20261123
HERE = os.path.dirname(os.path.abspath(__file__))
TICKETS = os.path.join(HERE, "..", "..", "data", "support-tickets", "tickets.jsonl")


class Paragraphs(html.parser.HTMLParser):
    """Collects the text of paragraphs, list items and definitions; leaves out code blocks, menus and headings."""

    WANTED = {"p", "li", "dd", "td"}
    SKIPPED = {"pre", "script", "style", "nav", "table", "h1", "h2", "h3", "h4", "footer"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found, self.current, self.skip, self.collect = [], [], 0, 0

    def handle_starttag(self, tag, attrs):
        if tag in self.SKIPPED:
            self.skip += 1
        elif tag in self.WANTED:
            self.flush()
            self.collect += 1

    def handle_endtag(self, tag):
        if tag in self.SKIPPED:
            self.skip = max(0, self.skip - 1)
        elif tag in self.WANTED:
            self.flush()
            self.collect = max(0, self.collect - 1)

    def handle_data(self, data):
        if self.collect and not self.skip:
            self.current.append(data)

    def flush(self):
        text = " ".join("".join(self.current).split())
        if text:
            self.found.append(text)
        self.current = []


def paragraphs_of_html(pattern, limit=None):
    files = sorted(glob.glob(pattern, recursive=True))
    for name in files[:limit]:
        parser = Paragraphs()
        with open(name, encoding="utf-8", errors="replace") as page:
            parser.feed(page.read())
        yield from parser.found


def wordnet(folder):
    """Glosses and example sentences: `the act of paying | "he made his payment"`."""
    for part in ("noun", "verb", "adj", "adv"):
        with open(os.path.join(folder, "data." + part), encoding="latin-1") as lines:
            for line in lines:
                if line.startswith("  ") or "|" not in line:
                    continue
                head, gloss = line.split("|", 1)
                words = [w.replace("_", " ") for w in re.findall(r" ([A-Za-z_'-]{3,}) \d", head)[:2]]
                definition = gloss.strip()
                yield ", ".join(words) + ": " + re.sub(r'[;\s]*".*', "", definition)
                yield from re.findall(r'"([^"]{15,})"', definition)


def botocore(folder):
    """The documentation strings of a cloud provider's public service models (Apache-2.0)."""

    def strings(node):
        if isinstance(node, dict):
            if isinstance(node.get("documentation"), str):
                yield node["documentation"]
            for child in node.values():
                yield from strings(child)
        elif isinstance(node, list):
            for child in node:
                yield from strings(child)

    for name in sorted(glob.glob(os.path.join(folder, "**", "service-2.json*"), recursive=True)):
        opened = gzip.open if name.endswith(".gz") else open
        with opened(name, "rt", encoding="utf-8") as model:
            for text in strings(json.load(model)):
                yield " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def lines_of(name):
    with open(name, encoding="utf-8") as lines:
        for line in lines:
            yield line.strip()


SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(])")


def passages(text):
    """Sentences, and pairs of short neighbours, of 5 to 45 words."""
    held = ""
    for sentence in SENTENCE.split(text):
        sentence = sentence.strip()
        words = len(sentence.split())
        if words < 5 or words > 45 or sum(c.isalpha() or c == " " for c in sentence) < 0.85 * len(sentence):
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


def grams(text, size=8):
    words = words_of(text)
    return (tuple(words[at : at + size]) for at in range(len(words) - size + 1))


def version(package):
    found = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True)
    return found.stdout.strip() or "not installed as a package"


def main():
    call = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    call.add_argument("out")
    call.add_argument("--botocore", default="", help="unzipped botocore wheel")
    call.add_argument("--scale", type=float, default=1.0, help="share of each source's limit, for a quick try")
    args = call.parse_args()
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True).stdout.strip()
    rust = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.strip()
    sources = [
        ("own passages", "MIT OR Apache-2.0", "this repository", 10_000, lambda: lines_of(os.path.join(HERE, "own-passages.txt"))),
        ("WordNet 3.0", "WordNet licence", version("wordnet-base"), 70_000, lambda: wordnet("/usr/share/wordnet")),
        ("service models in botocore", "Apache-2.0", "1.43.11", 60_000, lambda: botocore(args.botocore)),
        ("PostgreSQL manual", "PostgreSQL licence", version("postgresql-doc-15"), 14_000,
         lambda: paragraphs_of_html("/usr/share/doc/postgresql-doc-15/html/*.html")),
        ("Python manual", "PSF-2.0", version("python3-doc"), 22_000,
         lambda: paragraphs_of_html("/usr/share/doc/python3*/html/**/*.html")),
        ("Apache httpd manual", "Apache-2.0", version("apache2-doc"), 8_000,
         lambda: paragraphs_of_html("/usr/share/doc/apache2-doc/manual/en/**/*.html")),
        ("Rust books and std", "MIT OR Apache-2.0", rust, 22_000,
         lambda: paragraphs_of_html(os.path.join(sysroot, "share/doc/rust/html/**/*.html"), 9000)),
    ]
    forbidden = set()
    with open(TICKETS, encoding="utf-8") as rows:
        for row in rows:
            forbidden.update(grams(json.loads(row)["text"]))
    draw, seen, corpus, report = random.Random(SEED), set(), [], []
    for name, licence, release, limit, read in sources:
        found = []
        try:
            for text in read():
                for passage in passages(text):
                    key = " ".join(words_of(passage))
                    if key not in seen and not any(gram in forbidden for gram in grams(passage)):
                        seen.add(key)
                        found.append(passage)
        except FileNotFoundError as missing:
            print(f"{name}: left out, {missing}", file=sys.stderr)
        draw.shuffle(found)
        found = found[: int(limit * args.scale)]
        digest = hashlib.sha256("\n".join(found).encode()).hexdigest()
        report.append({"source": name, "licence": licence, "version": release, "passages": len(found), "sha256": digest})
        print(f"{name:30} {len(found):7} passages", file=sys.stderr)
        corpus += found
    draw.shuffle(corpus)
    os.makedirs(args.out, exist_ok=True)
    whole = "\n".join(corpus) + "\n"
    with open(os.path.join(args.out, "corpus.txt"), "w", encoding="utf-8") as out:
        out.write(whole)
    summary = {"seed": SEED, "passages": len(corpus), "sha256": hashlib.sha256(whole.encode()).hexdigest(), "sources": report}
    with open(os.path.join(args.out, "sources.json"), "w", encoding="utf-8") as out:
        json.dump(summary, out, indent=2)
        out.write("\n")


if __name__ == "__main__":
    main()
