"""Makes Tunebook's two chart fonts from Roboto (Apache-2.0): `python subset_fonts.py FOLDER_WITH_ROBOTO_TTF OUT`.

Needs fonttools. Kept: Basic Latin, Latin-1, Latin Extended-A, Greek, Cyrillic and a few signs; hinting, kerning and alternates dropped.
The vertical metrics are set so that ascent - descent = 1.24 em: plotters takes a font's size to be that distance
in an SVG file, and its bitmap text uses the font's own distance; with this both draw text of the same width.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

KEEP = [range(0x20, 0x7F), range(0xA0, 0x180), range(0x391, 0x3CA), range(0x410, 0x450), (0x401, 0x451), (0x404, 0x406, 0x407, 0x454, 0x456, 0x457),
        (0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026, 0x20AC, 0x2212, 0x2248, 0x2260, 0x2264, 0x2265)]

source, out = map(Path, sys.argv[1:3])
for style in ("Regular", "Bold"):
    font = TTFont(source / f"Roboto-{style}.ttf")
    options = subset.Options(hinting=False, layout_features=[], drop_tables=["GSUB", "GPOS", "GDEF", "gasp", "prep", "kern"], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for part in KEEP for code in part])
    subsetter.subset(font)
    em = font["head"].unitsPerEm
    font["hhea"].ascent, font["hhea"].descent = 1990, 1990 - round(1.24 * em)
    font.save(out / f"Roboto-{style}-subset.ttf")
