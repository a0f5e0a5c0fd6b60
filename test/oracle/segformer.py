"""Hugging Face's SegFormer, made from what the TypeScript model calls its options, with the keys of its checkpoints."""

import os

import torch

from torchvision_shim import import_torchvision

# Before the first import: a test must not ask the network.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
import_torchvision()

from transformers import SegformerConfig, SegformerForSemanticSegmentation
from transformers.core_model_loading import revert_weight_conversion
from transformers.utils import logging

logging.set_verbosity_error()

NAMES = {
    "inChannels": "num_channels",
    "outChannels": "num_labels",
    "hiddenSizes": "hidden_sizes",
    "depths": "depths",
    "numAttentionHeads": "num_attention_heads",
    "srRatios": "sr_ratios",
    "patchSizes": "patch_sizes",
    "strides": "strides",
    "mlpRatios": "mlp_ratios",
    "decoderHiddenSize": "decoder_hidden_size",
    "hiddenAct": "hidden_act",
    "hiddenDropoutProb": "hidden_dropout_prob",
    "attentionProbsDropoutProb": "attention_probs_dropout_prob",
    "classifierDropoutProb": "classifier_dropout_prob",
    "dropPathRate": "drop_path_rate",
    "initializerRange": "initializer_range",
}


def config(args):
    own = {NAMES[name]: value for name, value in args.items() if name in NAMES}
    made = SegformerConfig(num_encoder_blocks=len(args["hiddenSizes"]), **own)
    made._attn_implementation = args["attnImplementation"]
    return made


def make(args):
    return SegformerForSemanticSegmentation(config(args))


def by_key(model, tensors):
    """Tensors by the model's own names as tensors by the names in its checkpoints."""
    # Of a model that was loaded, transformers only turns back the names that it met in the file.
    model.__dict__.pop("_weight_conversions", None)
    return revert_weight_conversion(model, dict(tensors))


def state(model):
    return by_key(model, {key: tensor.clone() for key, tensor in model.state_dict().items()})


def gradients(model):
    return by_key(model, {key: parameter.grad for key, parameter in model.named_parameters()})


def scores(model, image):
    logits = model(pixel_values=image).logits
    return torch.nn.functional.interpolate(logits, size=image.shape[-2:], mode="bilinear", align_corners=False)


class B0(torch.nn.Module):
    """B0 with three classes, as the benchmark trains it: scores at the size of the image."""

    def __init__(self, **sizes):
        super().__init__()
        self.model = SegformerForSemanticSegmentation(SegformerConfig(num_labels=3, **sizes))

    def forward(self, image):
        return scores(self.model, image)
