"""A model on texts that was trained with Tunebook: encoder, pooling over the tokens, linear head.

transformers has classes of its own only for classifiers on BERT's pooler. It loads this one with

    AutoModelForSequenceClassification.from_pretrained(FOLDER, trust_remote_code=True)

Without trust_remote_code it takes BERT's own class instead, whose pooler is missing here and starts at random.
"""

import torch
from transformers import BertModel, BertPreTrainedModel, DistilBertModel, DistilBertPreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


def pooled(hidden, mask, pooling):
    """(batch, tokens, hidden) to (batch, hidden), padding left out."""
    if pooling == "cls":
        return hidden[:, 0]
    mask = mask.unsqueeze(-1).bool()
    if pooling == "max":
        return hidden.masked_fill(~mask, float("-inf")).max(dim=1).values
    if pooling == "mean":
        return hidden.masked_fill(~mask, 0.0).sum(dim=1) / mask.sum(dim=1)
    raise ValueError(f"config.json: tunebook.pooling is {pooling!r}; use mean, cls or max")


class Head:
    """What both families share; `encode` gives the last hidden state."""

    def classify(self, hidden, attention_mask, labels):
        if attention_mask is None:
            attention_mask = torch.ones(hidden.shape[:2], device=hidden.device)
        vectors = pooled(hidden, attention_mask, self.config.tunebook["pooling"])
        logits = self.classifier(self.dropout(vectors))
        loss = None if labels is None else self.loss(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)

    def loss(self, logits, labels):
        if self.config.problem_type == "multi_label_classification":
            return torch.nn.functional.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))
        if self.config.problem_type == "regression":
            return torch.nn.functional.mse_loss(logits.squeeze(-1), labels.to(logits.dtype).squeeze(-1))
        return torch.nn.functional.cross_entropy(logits, labels)


class TunebookBertForSequenceClassification(BertPreTrainedModel, Head):
    def __init__(self, config):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.bert = BertModel(config, add_pooling_layer=False)
        rate = getattr(config, "classifier_dropout", None)
        self.dropout = torch.nn.Dropout(config.hidden_dropout_prob if rate is None else rate)
        self.classifier = torch.nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, labels=None, **kwargs):
        # Tunebook reads one text at a time: every token is of segment 0.
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return self.classify(hidden, attention_mask, labels)


class TunebookDistilBertForSequenceClassification(DistilBertPreTrainedModel, Head):
    def __init__(self, config):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.distilbert = DistilBertModel(config)
        self.dropout = torch.nn.Dropout(config.seq_classif_dropout)
        self.classifier = torch.nn.Linear(config.dim, config.num_labels)
        self.post_init()

    def forward(self, input_ids=None, attention_mask=None, labels=None, **kwargs):
        hidden = self.distilbert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return self.classify(hidden, attention_mask, labels)
