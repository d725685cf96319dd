"""Makes flops.json, the counts that src/metrics/cost.rs is compared with: `python make_flops.py > flops.json`.

Needs torch and transformers (made with torch 2.15.0, transformers 5.24.0): PyTorch's own counter of the matrix products of one
forward pass of BERT without its pooler, for shapes of MiniLM-L6, BERT base and small odd ones.
"""

import json
import sys

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig, BertModel

counts = []
for layers, hidden, heads, intermediate, tokens in [
    (6, 384, 12, 1536, 64),
    (12, 768, 12, 3072, 128),
    (1, 8, 2, 24, 1),
    (3, 40, 5, 56, 17),
]:
    config = BertConfig(
        vocab_size=32,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=intermediate,
        attn_implementation="eager",
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.ones(1, tokens, dtype=torch.long))
    counts.append([layers, hidden, intermediate, tokens, counter.get_total_flops()])
json.dump({"torch": torch.__version__, "counts": counts}, sys.stdout)
print()
