"""The models' Python twins, by the names that test/oracle/twins.mjs has for them."""

import importlib
import re


def snake_names(options):
    """Options under Python's names: `imageSize` is `image_size`."""
    return {re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name): value for name, value in options.items()}


def make_twin(twin, options):
    """`unet.UNet` is the class UNet of unet.py beside this file; options have our names."""
    module, name = twin.split(".")
    return getattr(importlib.import_module(module), name)(**snake_names(options))
