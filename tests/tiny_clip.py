"""Tiny dual encoders with tokenizers trained here: CLIP and SigLIP; and what is none."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import tiny

ENGLISH = (
    "a green mug to keep holds 400 ml and fits most cup holders",
    "sweet and juicy oranges for your fruit bowl ripe today",
    "airy running shoes for every mile of your road run lighter",
    "an advertising poster for a product clean and calm professional photo",
    "buy the best boat shop now",
)
CHINESE = ("早安，杯子", "红色马克杯，陪你喝咖啡", "轻便的跑步鞋，每一步都自在", "这颗橙子又香又甜")
MARKS = ("bos", "eos", "pad")
SIDE, WIDE, LONGEST = 32, 32, 24  # px, units, tokens


def options(name: str, backend: str) -> dict[str, Any]:
    """Options with which rank/clip runs here."""
    assert (name, backend) == ("rank", "clip")
    return {"model": str(siglip()), "device": "cpu"}


def encoder(ref: str | Path, device: str = "cpu") -> Any:
    """Load a model as rank/clip does."""
    from aigc._engines import clip

    return clip.load(str(ref), device, option="rank.device", instead="use --rank builtin")


@cache
def clip() -> Path:
    """A CLIP that reads English only, as OpenAI's does."""
    from transformers import (
        CLIPConfig,
        CLIPImageProcessorPil,
        CLIPModel,
        CLIPProcessor,
        CLIPTokenizer,
    )

    vocab, merges = _words()
    tokenizer = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=LONGEST)
    text, vision = _towers(tokenizer)
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=WIDE)
    look = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SIDE)
    return _kept("clip", lambda: CLIPModel(config), CLIPProcessor(look, tokenizer))


@cache
def siglip() -> Path:
    """A SigLIP that reads English and Chinese, with a tokenizer that adds no marks of its own."""
    from tokenizers import Tokenizer, decoders, models, normalizers, trainers
    from transformers import (
        PreTrainedTokenizerFast,
        SiglipConfig,
        SiglipImageProcessorPil,
        SiglipModel,
        SiglipProcessor,
    )

    inner = Tokenizer(models.BPE(unk_token="<unk>"))
    inner.normalizer = normalizers.Replace(" ", "▁")
    inner.decoder = decoders.Replace("▁", " ")
    marks = ["<pad>", "<eos>", "<bos>", "<unk>"]
    learned = trainers.BpeTrainer(vocab_size=900, special_tokens=marks, show_progress=False)
    inner.train_from_iterator([*ENGLISH, *CHINESE], learned)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        unk_token="<unk>",
    )
    text, vision = _towers(tokenizer)
    config = SiglipConfig(text_config=text, vision_config=vision)
    look = SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE})
    return _kept("siglip", lambda: SiglipModel(config), SiglipProcessor(look, tokenizer))


@cache
def chinese() -> Path:
    """A Chinese-CLIP, whose words are whole and whose texts are a BERT's."""
    from transformers import (
        ChineseCLIPConfig,
        ChineseCLIPImageProcessorPil,
        ChineseCLIPModel,
        ChineseCLIPProcessor,
    )

    text, vision = _towers(_bert())
    config = ChineseCLIPConfig(text_config=text, vision_config=vision, projection_dim=WIDE)
    look = ChineseCLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    processor = ChineseCLIPProcessor(look, _bert())
    return _kept("chinese", lambda: ChineseCLIPModel(config), processor)


@cache
def align() -> Path:
    """An ALIGN: an EfficientNet beside a BERT, and a temperature in place of a scale."""
    from transformers import (
        AlignConfig,
        AlignModel,
        AlignProcessor,
        EfficientNetImageProcessorPil,
    )

    text, _ = _towers(_bert())
    vision = {
        "image_size": SIDE,
        "hidden_dim": WIDE,
        "in_channels": [32],
        "out_channels": [WIDE],
        "kernel_sizes": [3],
        "strides": [1],
        "expand_ratios": [1],
        "num_block_repeats": [1],
        "depthwise_padding": [],
        "width_coefficient": 1.0,
        "depth_coefficient": 1.0,
    }
    config = AlignConfig(text_config=text, vision_config=vision, projection_dim=WIDE)
    look = EfficientNetImageProcessorPil(size={"height": SIDE, "width": SIDE}, do_center_crop=False)
    return _kept("align", lambda: AlignModel(config), AlignProcessor(look, _bert()))


@cache
def _bert() -> Any:
    from transformers import BertTokenizer

    words = sorted(set(" ".join(ENGLISH).split())) + sorted(set("".join(CHINESE)))
    vocab = {token: i for i, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])}
    for word in words:
        vocab.setdefault(word, len(vocab))
    return BertTokenizer(vocab=vocab, model_max_length=LONGEST)


@cache
def language_model() -> Path:
    """A language model, which is no dual encoder."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
    )
    folder = tiny.home() / "no-encoder"
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def _words() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Bytes, and what joins them to the words of `ENGLISH`, letter by letter."""
    from tokenizers.pre_tokenizers import ByteLevel

    merges: dict[tuple[str, str], str] = {}
    for word in " ".join(ENGLISH).split():
        done, *letters = [*word[:-1], f"{word[-1]}</w>"]
        for letter in letters:
            merges[done, letter] = done = done + letter
    alphabet = sorted(ByteLevel.alphabet())
    tokens = [*alphabet, *(f"{letter}</w>" for letter in alphabet), *merges.values()]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: i for i, token in enumerate(dict.fromkeys(tokens))}, list(merges)


def _towers(tokenizer: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sizes of the text tower and of the vision tower."""
    both = {
        "hidden_size": WIDE,
        "intermediate_size": WIDE,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    text = {"vocab_size": len(tokenizer), "max_position_embeddings": LONGEST}
    marks = {f"{mark}_token_id": getattr(tokenizer, f"{mark}_token_id") or 0 for mark in MARKS}
    return both | text | marks, both | {"image_size": SIDE, "patch_size": 8}


def _kept(name: str, make: Callable[[], Any], processor: Any) -> Path:
    import torch

    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        model = make()
        with torch.no_grad():  # random weights lie close together: let them differ
            for weight in model.parameters():
                if weight.ndim > 1:
                    weight.mul_(4)
            if hasattr(model, "logit_scale"):
                model.logit_scale.fill_(3.0)
    folder = tiny.home() / name
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
